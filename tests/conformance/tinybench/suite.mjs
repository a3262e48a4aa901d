import { Bench } from 'tinybench';
import fs from 'fs';

const bench = new Bench({ time: 5, iterations: 8, warmup: false });
bench.add('fast', () => { let s = 0; for (let i = 0; i < 100; i++) s += i; return s; })
    .add('slow task', () => { const s = []; for (let i = 0; i < 20000; i++) s.push(i); return s.length; })
    .add('broken', () => { throw new Error('no'); });
await bench.run();
fs.writeFileSync('tasks.json', JSON.stringify(bench.tasks.map(t => ({ name: t.name, ...t.result }))));
fs.writeFileSync('table.json', JSON.stringify(bench.table()));
