import { bench, describe } from 'vitest';

const short = { time: 20, iterations: 5, warmupTime: 1, warmupIterations: 1 };
describe('sorting', () => {
    bench('normal', () => { [3, 1, 2].sort(); }, short);
    bench('reverse', () => { [3, 1, 2].sort().reverse(); }, short);
    bench.skip('later', () => {});
    describe('inner', () => {
        bench('nested', () => { Array.from({ length: 100 }); }, short);
    });
});
bench('alone', () => { 'a'.repeat(100); }, short);
