/* paint.js -- paint.js BUILD PAGE: milliseconds to the first paint with content, the median of five. */
'use strict';
const path = require('path');
const open = require('./open.js');

(async () => {
  const [build, file] = process.argv.slice(2), times = [];
  for (let i = 0; i < 5; i++) {
    const { browser, page } = await open(build, {});
    await page.goto('file://' + path.resolve(file), { waitUntil: 'commit' });
    await page.waitForSelector('h1');
    times.push(await page.evaluate(() => new Promise((resolve) => {
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (entry.name === 'first-contentful-paint') resolve(entry.startTime);
      }).observe({ type: 'paint', buffered: true });
    })));
    await browser.close();
  }
  console.log(Math.round(times.sort((a, b) => a - b)[2]));
})().catch((error) => { console.error(error.stack); process.exit(1); });
