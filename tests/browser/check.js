/* check.js -- check.js BUILD PACE DB PAGE [any]: uses the page as a person does; prints TAP. `any`: the store is
 * not the made one, so that only what holds for each store is looked at. */
'use strict';
const { execFileSync } = require('child_process');
const path = require('path');
const open = require('./open.js');

const [build, pace, db, file, any] = process.argv.slice(2);
const shots = path.join(build, 'browser');
const address = 'file://' + path.resolve(file);
let count = 0, failed = 0;

function ok(what, holds, more) {
  count++;
  if (!holds) failed++;
  console.log(`${holds ? 'ok' : 'not ok'} ${count} - ${what}`);
  if (!holds && more !== undefined) console.log('# ' + String(more).replaceAll('\n', '\n# '));
}

const query = (text) => execFileSync(pace, ['--db', db, 'query', '--format', 'jsonl', text], { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 30 })
  .toString().split('\n').filter(Boolean).map((line) => JSON.parse(line));

async function settled(page) {
  await page.waitForSelector('main > *');
  await page.waitForTimeout(400);
}

async function go(page, hash) {
  await page.evaluate((to) => { location.hash = to; }, hash);
  await settled(page);
}

/* -- what moved ----------------------------------------------------------------------------------- */

async function overviewChecks(page) {
  const rows = query('project:* | check | last run');
  const text = await page.innerText('main');
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
  ok(`first paint within a second (${Math.round(paint)} ms)`, paint < 1000);
  const state = (row) => (row.verdict !== 'worse' && row.before !== null ? 'still worse' : row.verdict);
  const counts = new Map();
  for (const row of rows) counts.set(state(row), (counts.get(state(row)) || 0) + 1);
  const shown = (await page.$$eval('.verdicts li', (items) => items.map((item) => item.innerText.replace(/\s+/g, ' ').trim())));
  for (const [name, number] of counts) ok(`${number} ${name}, as the query says`, shown.includes(`${number.toLocaleString('en')} ${name}`), shown.join('; '));
  if (any) return;
  ok('regressions stand first', text.indexOf('Worse now') >= 0 && text.indexOf('Worse now') < text.indexOf('Suspected') && text.indexOf('Suspected') < text.indexOf('Got better'), text);
  const group = await page.locator('.part').first().innerText();
  ok('with the commits, the sizes and the confidence', /[0-9a-f]{9}‥[0-9a-f]{9}/.test(group) && /▲ \+3\d %/.test(group) && /q < 0\.0001/.test(group), group);
  const heads = await page.$$eval('.part h2', (all) => all.map((h) => h.firstChild.data));
  ok('what is confirmed before what is suspected', heads.indexOf('Got worse') < heads.indexOf('Suspected'), heads.join(', '));
  const size = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  const wide = await page.$$eval('.moved .delta', (all) => all.filter((d) => d.getBoundingClientRect().right > 390).length);
  ok('on a phone no difference is out of sight', wide === 0 && (await page.locator('.moved .delta').count()) > 0, wide);
  ok('and the page is as wide as it', await page.evaluate(() => document.documentElement.scrollWidth <= 390));
  await page.setViewportSize(size);
  ok('series are links to their page', (await page.locator('.moved a').first().getAttribute('href')).startsWith('#series=//webapp//'));
}

/* -- all series ----------------------------------------------------------------------------------- */

async function gridChecks(page) {
  await go(page, 'view=series');
  const total = Number((await page.innerText('.bar .dim')).replace(/\D/g, ''));
  const cards = await page.locator('.card').count();
  ok(`${total} series, of which only those in sight exist (${cards})`, cards > 0 && cards <= Math.max(60, total) && (total < 100 || cards < 60));
  const drawn = await page.$$eval('.card canvas', (all) => all.filter((c) => c.width > 0 && c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0)).length);
  ok(`charts in sight are drawn (${drawn})`, drawn >= Math.min(6, cards));
  await page.screenshot({ path: path.join(shots, 'series-light.png') });
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await page.waitForTimeout(500);
  const last = await page.$$eval('.card', (all) => Math.max(...all.map((c) => c.place)));
  ok('the last one is there when it is scrolled to', last === total - 1, last);
  await page.keyboard.press('/');
  await page.keyboard.type('zzz no such');
  await page.waitForTimeout(400);
  ok('a search that finds nothing says so', (await page.innerText('main')).includes('No series matches'));
  ok('and is in the address', decodeURIComponent(page.url()).includes('q=zzz+no+such') || page.url().includes('q=zzz'), page.url());
  if (any) return;
  await page.fill('#search', 'toml latency x64 main');
  await page.waitForTimeout(400);
  ok('words are looked for in all of the path', (await page.innerText('.bar .dim')).startsWith('1 of '), await page.innerText('.bar .dim'));
  await page.keyboard.press('Enter');
  await settled(page);
  ok('Enter opens the first', page.url().endsWith('series=//webapp//main//linux-x64//parse/toml//latency'), page.url());
  await go(page, 'view=series&verdict=suspected');
  const cardsNow = await page.$$eval('.card .badge', (all) => all.map((b) => b.innerText));
  ok('a verdict chooses series', cardsNow.length > 0 && cardsNow.every((t) => t === 'suspected'), cardsNow.join());
  await page.locator('.card').first().focus();
  await page.keyboard.press('ArrowRight');
  ok('arrows go from card to card', await page.evaluate(() => document.activeElement.place) === 1);
  await go(page, 'view=series&table=1&measure=latency');
  ok('all series as a table', (await page.locator('main table.rows tbody tr').count()) === 24);
}

/* -- one series ----------------------------------------------------------------------------------- */

async function seriesChecks(page, hash, rows, unitText) {
  await go(page, hash);
  ok('a chart', (await page.locator('.large canvas').count()) === 1);
  await page.keyboard.press('ArrowRight');
  const tip = await page.innerText('.tip');
  const newest = rows[rows.length - 1];
  ok('hover: commit, run and verdict of the newest point', tip.includes(newest.commit.slice(0, 9)) && tip.includes('run ' + newest.run) && (newest.verdict === null || tip.includes(newest.verdict)), tip);
  if (unitText) ok('hover: its value as the command prints it', tip.includes(unitText), tip);
  await page.keyboard.press('ArrowLeft');
  const before = await page.innerText('.tip');
  ok('the arrow goes to the one before', before.includes('run ' + rows[rows.length - 2].run), before);
  const box = await (await page.$('.u-over')).boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForTimeout(150);
  ok('the mouse shows another', (await page.innerText('.tip')) !== before);
  for (const [key, parameter] of [['l', 'log=1'], ['r', 'ratio=1'], ['x', 'x=time'], ['t', 'table=1']]) {
    await page.keyboard.press(key);
    await settled(page);
    ok(`${key} is in the address: ${parameter}`, page.url().includes(parameter), page.url());
  }
  const counted = await page.locator('main section:last-of-type table.rows tbody tr').count();
  ok('the table has every point', counted === Math.min(300, rows.length) || counted === rows.length, `${counted} of ${rows.length}`);
  const first = await page.locator('main section:last-of-type table.rows tbody tr').first().innerText();
  ok('the newest first', first.includes(String(newest.run)), first);
  const to = page.url();
  await page.goto('about:blank');
  await page.goto(to);
  await settled(page);
  const pressed = await page.$$eval('[aria-pressed="true"]', (all) => all.map((b) => b.innerText));
  ok('an address brings all of it back', ['Time', 'Log', 'Ratio', 'Table'].every((t) => pressed.includes(t)), pressed.join());
  await page.keyboard.press('x');
  await settled(page);
  const area = await (await page.$('.u-over')).boundingBox();
  await page.mouse.move(area.x + area.width * 0.5, area.y + 50);
  await page.mouse.down();
  await page.mouse.move(area.x + area.width * 0.9, area.y + 60, { steps: 4 });
  await page.mouse.up();
  await page.waitForTimeout(200);
  ok('what is looked at closer is in the address', /from=/.test(page.url()), page.url());
  await page.keyboard.press('z');
  await settled(page);
  ok('z shows everything again', !/from=/.test(page.url()), page.url());
}

async function madeSeries(page) {
  const rows = query('//webapp//main//linux-x64//parse/toml//latency | check');
  const value = execFileSync(pace, ['--db', db, 'query', '--format', 'line', '//webapp//main//linux-x64//parse/toml//latency | last 1 | keep value']).toString().replace(/.*?(\d)/s, '$1').trim();
  await seriesChecks(page, 'series=//webapp//main//linux-x64//parse/toml//latency', rows, value);
  await go(page, 'series=//webapp//main//linux-x64//parse/toml//latency');
  ok('its change is told', (await page.innerText('main')).match(/step\s+[\d.]+ ms\s+[\d.]+ ms\s+▲ \+3\d %/) !== null, await page.innerText('main'));
  await page.screenshot({ path: path.join(shots, 'one-light.png'), fullPage: true });
  await go(page, 'series=//webapp//pr/7//linux-x64//parse/toml//latency');
  ok('a branch stands on its parent', (await page.$$eval('.branches [aria-pressed="true"]', (all) => all.map((b) => b.innerText))).join() === 'main');
  await page.keyboard.press('ArrowRight');
  ok('and its points are its own', (await page.innerText('.tip')).includes('pr/7'), await page.innerText('.tip'));
  await page.screenshot({ path: path.join(shots, 'branch-light.png') });
  await page.click('.branches button');
  await settled(page);
  ok('other branches can be taken away, in the address', page.url().includes('with='), page.url());
  for (const one of await page.evaluate(() => [...new Map(series.map((s) => [s.benchmark, pathOf(s)])).values()])) {
    ok(`a path pastes into a query: ${one}`, query(`${one} | last 1`).length === 1);
  }
  ok('the page says how to ask in a terminal', (await page.innerText('.command')).includes("pace query '//webapp//pr/7//"), await page.innerText('.command'));
  await go(page, 'series=' + encodeURIComponent('//webapp//main//linux-x64//"<script>alert(1)</script> & \\"co\\""//latency'));
  ok('a hostile name is text', (await page.innerText('h1')).includes('<script>alert(1)</script> & "co"'), await page.innerText('main'));
  await go(page, 'series=//webapp//main//linux-x64//sort[1000-list]//latency&table=1');
  const table = await page.innerText('main');
  ok('failed and excluded points are told', table.includes('failed') && table.includes('excluded'));
  await go(page, 'view=marks');
  const marks = await page.innerText('main');
  ok('marks with their reasons', marks.includes('the runner was <b>swapping</b>') && marks.includes('level 3 is the new default'), marks);
  await page.screenshot({ path: path.join(shots, 'marks-light.png') });
  const desk = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  await settled(page);
  const hidden = await page.$$eval('.scroll', (all) => all.filter((s) => s.scrollWidth > s.clientWidth + 1).length);
  ok('on a phone nothing of them is beside the screen', hidden === 0 && (await page.locator('.stack tr').count()) > 0, hidden);
  await page.setViewportSize(desk);
  await go(page, 'series=//nowhere');
  ok('a series that is not there is said so', (await page.innerText('main')).includes('is not in this report'));
}

async function anySeries(page) {
  const { path: name, rows } = await page.evaluate(() => { const one = series.reduce((a, b) => (b.points > a.points ? b : a)); return { path: pathOf(one), rows: one.points }; });
  const all = query(`${name} | check`);
  ok('as many points as the query has', all.length === rows, `${all.length} ${rows}`);
  await seriesChecks(page, 'series=' + encodeURIComponent(name), all, null);
}

/* -- all ------------------------------------------------------------------------------------------ */

async function keyboardAndDark() {
  const { browser, page, wrong } = await open(build, { colorScheme: 'dark' });
  await page.goto(address);
  await settled(page);
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  ok('dark where the system is', (await background()) === 'rgb(16, 18, 20)', await background());
  await page.screenshot({ path: path.join(shots, 'overview-dark.png') });
  await go(page, 'view=series');
  await page.screenshot({ path: path.join(shots, 'series-dark.png') });
  await page.locator('.card').first().click();
  await settled(page);
  const first = page.url();
  await page.keyboard.press('j');
  await settled(page);
  ok('j goes to the next series of the list', page.url() !== first && (await page.innerText('.crumbs .step')).includes('2 of'), page.url());
  await page.screenshot({ path: path.join(shots, 'one-dark.png'), fullPage: true });
  await page.click('#theme');
  ok('light when it is chosen, in the address', (await background()) === 'rgb(247, 247, 245)' && page.url().includes('theme=light'), page.url());
  await page.keyboard.press('?');
  ok('? lists the keys', await page.isVisible('#help'));
  await page.keyboard.press('Escape');
  await page.keyboard.press('o');
  await settled(page);
  ok('o is what moved', (await page.locator('.verdicts').count()) === 1);
  await page.setViewportSize({ width: 400, height: 800 });
  for (const hash of ['', 'view=series', first.split('#')[1]]) {
    await go(page, hash);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    ok(`a narrow screen needs no sideways scrolling: ${hash || 'what moved'}`, wide <= 400, wide);
  }
  await page.screenshot({ path: path.join(shots, 'narrow-light.png') });
  ok('nothing went wrong in the dark', wrong.length === 0, wrong.join('\n'));
  await browser.close();
}

(async () => {
  const { browser, page, wrong } = await open(build, { colorScheme: 'light' });
  await page.goto(address);
  await settled(page);
  await page.screenshot({ path: path.join(shots, 'overview-light.png'), fullPage: !any });
  await overviewChecks(page);
  await gridChecks(page);
  if (any) await anySeries(page);
  else await madeSeries(page);
  ok('nothing went wrong: no error, no refusal of the policy, no request', wrong.length === 0, wrong.join('\n'));
  await browser.close();
  await keyboardAndDark();
  console.log(`1..${count}`);
  process.exit(failed > 0 ? 1 : 0);
})().catch((error) => { console.log('Bail out! ' + error.stack); process.exit(1); });
