import { bench, run } from 'mitata';

const fib = n => n < 2 ? n : fib(n - 1) + fib(n - 2);
bench('fib 10', () => fib(10));
bench('copy $n', function* (state) {
    const a = new Uint8Array(state.get('n'));
    yield () => a.slice();
}).args('n', [64, 4096]);
await run({ format: process.argv[2] === 'json' ? { json: { debug: false, samples: process.argv[3] === 'samples' } } : 'quiet' });
