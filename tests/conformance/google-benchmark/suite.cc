#include <benchmark/benchmark.h>
#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

static void BM_Sort(benchmark::State &state)
{
    std::vector<int> v(state.range(0));
    for (auto _ : state) {
        for (size_t i = 0; i < v.size(); i++)
            v[i] = (int)((i * 7919) % v.size());
        std::sort(v.begin(), v.end());
    }
    state.SetComplexityN(state.range(0));
    state.counters["swaps"] = 12.5;
    state.counters["rate"] = benchmark::Counter(100, benchmark::Counter::kIsRate);
}
BENCHMARK(BM_Sort)->RangeMultiplier(4)->Range(64, 1024)->Complexity()->Unit(benchmark::kMicrosecond);

static void BM_Copy(benchmark::State &state)
{
    char a[1024], b[1024];
    std::memset(a, 1, sizeof a);
    for (auto _ : state) {
        std::memcpy(b, a, sizeof a);
        benchmark::DoNotOptimize(b);
    }
    state.SetBytesProcessed(int64_t(state.iterations()) * 1024);
    state.SetItemsProcessed(state.iterations());
    state.SetLabel("memcpy");
}
BENCHMARK(BM_Copy)->Repetitions(3);

static void BM_Wait(benchmark::State &state)
{
    for (auto _ : state)
        std::this_thread::sleep_for(std::chrono::microseconds(50));
}
BENCHMARK(BM_Wait)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(20)->Threads(2);

static void BM_Bad(benchmark::State &state)
{
    state.SkipWithError("no device");
    for (auto _ : state) {
    }
}
BENCHMARK(BM_Bad);
BENCHMARK_MAIN();
