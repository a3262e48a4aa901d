#define CATCH_CONFIG_MAIN
#define CATCH_CONFIG_ENABLE_BENCHMARKING
#include <catch2/catch.hpp>

static int fib(int n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

TEST_CASE("Fibonacci")
{
    BENCHMARK("fib 8") { return fib(8); };
    BENCHMARK("fib 16") { return fib(16); };
    SECTION("deeper")
    {
        BENCHMARK("a name that is long enough to be wrapped by the console reporter") { return fib(5); };
    }
}

TEST_CASE("Other", "[tag]")
{
    BENCHMARK_ADVANCED("measured")(Catch::Benchmark::Chronometer meter)
    {
        meter.measure([](int i) { return fib(10 + i % 2); });
    };
}
