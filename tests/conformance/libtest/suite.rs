#![feature(test)]
extern crate test;
use suite::fib;
use test::{black_box, Bencher};

#[bench]
fn fib_08(b: &mut Bencher) {
    b.iter(|| fib(black_box(8)));
}

#[bench]
fn fib_20(b: &mut Bencher) {
    b.iter(|| fib(black_box(20)));
}

#[bench]
fn copy(b: &mut Bencher) {
    let v = vec![1u8; 65536];
    b.bytes = 65536;
    b.iter(|| v.clone());
}

#[bench]
#[ignore]
fn later(_: &mut Bencher) {}

#[test]
fn no_benchmark() {}
