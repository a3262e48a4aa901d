use iai::black_box;
use suite::fib;

fn short() -> u64 {
    fib(black_box(8))
}

fn long() -> u64 {
    fib(black_box(20))
}

iai::main!(short, long);
