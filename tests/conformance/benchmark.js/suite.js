const { Suite } = require('benchmark');
const results = [];

new Suite()
    .add('RegExp#test', () => /o/.test('Hello World!'), { maxTime: 0.3 })
    .add('String#indexOf', () => 'Hello World!'.indexOf('o') > -1, { maxTime: 0.3 })
    .add('slow', () => { let s = 0; for (let i = 0; i < 3e6; i++) s += i % 7; return s; }, { maxTime: 0.3 })
    .add('bad', () => { throw new Error('no'); })
    .on('cycle', event => {
        console.log(String(event.target));
        const { name, hz, error, stats } = event.target;
        results.push({ name, hz, error: Boolean(error), rme: stats.rme, runs: stats.sample.length });
    })
    .on('complete', function () {
        console.log('Fastest is ' + this.filter('fastest').map('name'));
        require('fs').writeFileSync('own.json', JSON.stringify(results));
    })
    .run();
