use criterion::*;
use std::{hint::black_box, time::Duration};
use suite::fib;

fn short() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .sample_size(10)
        .without_plots()
}

fn all(c: &mut Criterion) {
    c.bench_function("fib 10", |b| b.iter(|| fib(black_box(10))));
    let mut group = c.benchmark_group("copy");
    for n in [1024usize, 65536] {
        group.throughput(Throughput::Bytes(n as u64));
        group.bench_with_input(BenchmarkId::new("a/b: vec", n), &n, |b, &n| {
            let v = vec![1u8; n];
            b.iter(|| v.clone())
        });
    }
    group.finish();
    let mut group = c.benchmark_group("flat");
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function("a name that is long enough to stand on a line of its own", |b| {
        b.iter(|| fib(black_box(18)))
    });
    group.finish();
}

criterion_group! { name = benches; config = short(); targets = all }
criterion_main!(benches);
