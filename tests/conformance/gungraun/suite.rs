use gungraun::{prelude::*, Dhat};
use std::hint::black_box;
use suite::fib;

#[library_benchmark]
#[bench::short(8)]
#[bench::long(20)]
fn bench_fib(n: u64) -> u64 {
    black_box(fib(n))
}

#[library_benchmark(config = LibraryBenchmarkConfig::default().tool(Dhat::default()))]
fn bench_sort() -> Vec<u64> {
    let mut v: Vec<u64> = (0..1000).map(|i| i * 7919 % 1000).collect();
    v.sort();
    black_box(v)
}

library_benchmark_group!(name = group, benchmarks = [bench_fib, bench_sort]);
main!(library_benchmark_groups = group);
