/* report_data.js -- what the page holds: series, verdicts, changes, marks; points, unpacked when they are
 * looked at; numbers for people. The form of the data is told in report_pack.h and report_write.c. */
'use strict';

const data = JSON.parse(document.getElementById('report').textContent);

/* -- rows of the query language ------------------------------------------------------------------ */

/* {columns, commits, rows} to objects; each has its series, and commits are numbers among those. */
function objects(table, series) {
  const isCommit = table.columns.map((name) => name.endsWith('commit'));
  return table.rows.map((row) => {
    const object = {};
    table.columns.forEach((name, i) => { object[name] = isCommit[i] && row[i] !== null ? table.commits[row[i]] : row[i]; });
    object.series = series[object.series];
    return object;
  });
}

const verdictNames = data.verdicts.map((v) => v[0]);
const verdictHelp = new Map(data.verdicts);
const units = new Map(data.units.map((u) => [u[0], { name: u[0], kind: u[1], factor: u[2] }]));
const better = new Map(data.measures.map((m) => [m[0] + '\n' + m[1], m[3]]));

/* A name that is 0 is that of the series before. */
function readSeries() {
  const all = [];
  let before = {};
  for (const [stream, benchmark, measure, unit, points, chunk, offset] of data.series) {
    const one = {
      index: all.length, stream: data.streams[stream], points, chunk, offset,
      benchmark: benchmark === 0 ? before.benchmark : benchmark,
      measure: measure === 0 ? before.measure : measure,
      unit: unit === 0 ? before.unit : unit,
      row: null, changes: [], unpacked: null,
    };
    one.better = better.get(one.stream.project + '\n' + one.measure) || null;
    all.push(before = one);
  }
  return all;
}

const series = readSeries();
const checks = objects(data.check, series);
const changes = objects(data.changes, series);
for (const row of checks) row.series.row = row;
for (const change of changes) change.series.changes.push(change);

/* The path of a series as the query language writes it: two slashes between names, quotes where one could be
 * taken for something else. */
function pathOf(one) {
  const part = (name) => (/[\s,;|(){}"*?]|\/\/|^\/|\/$|^$/.test(name) ? '"' + name.replace(/["\\]/g, '\\$&') + '"' : name);
  return '//' + [one.stream.project, one.stream.branch, one.stream.testbed, one.benchmark, one.measure]
    .map(part).join('//');
}
const byPath = new Map(series.map((one) => [pathOf(one), one]));

/* 1 when a number is worse than another one of the series, -1 when it is better, 0 when nobody knows. */
function worseness(one, delta) {
  if (!one.better || one.better === '-' || !delta) return 0;
  return (one.better === 'lower') === (delta > 0) ? 1 : -1;
}

function deltaOf(row) {
  return row.base === null || row.value === null || row.base === 0
    ? null : (row.value - row.base) / Math.abs(row.base);
}

/* A regression of an earlier run that is still there. */
function isOpen(row) {
  return row.verdict !== 'worse' && row.before !== null;
}

/* Beside the baseline; what is still worse, beside the level before it got so. */
function movedBy(row) {
  if (!isOpen(row)) return deltaOf(row);
  return row.before === 0 || row.value === null ? null : (row.value - row.before) / Math.abs(row.before);
}

/* What the page says of a series first. */
function stateOf(row) {
  return row === null ? 'none' : isOpen(row) ? 'open' : row.verdict;
}

/* -- points --------------------------------------------------------------------------------------- */

const loaded = new Promise((resolve) => {
  if (document.readyState !== 'loading') resolve();
  else document.addEventListener('DOMContentLoaded', () => resolve());
});

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

const KEPT_CHUNKS = 48;
const chunks = new Map(); /* number to a promise of bytes, the ones used last at the end */

async function inflate(number) {
  if (!document.getElementById('c' + number)) await loaded;
  const packed = fromBase64(document.getElementById('c' + number).textContent);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(number) {
  const bytes = chunks.get(number) || inflate(number);
  chunks.delete(number);
  chunks.set(number, bytes);
  if (chunks.size > KEPT_CHUNKS) chunks.delete(chunks.keys().next().value);
  return bytes;
}

class Reader {
  constructor(bytes, at) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }
  varint() {
    let value = 0, scale = 1;
    for (;;) {
      const byte = this.bytes[this.at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }
  signed() {
    const value = this.varint();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }
  double() {
    this.at += 8;
    return this.view.getFloat64(this.at - 8, true);
  }
  /* A column of numbers to the places of `out` where `has` holds. */
  column(out, step, has) {
    const fromFirst = this.bytes[this.at++] === 1;
    /* Steps below one divide exactly where they multiply with an error: 12.51, not 12.510000000000002. */
    const parts = Math.round(1 / step), whole = step < 1 && Math.abs(parts * step - 1) < 1e-9 ? parts : 0;
    let before = 0, begun = false;
    for (let i = 0; i < out.length; i++) {
      if (!has(i)) continue;
      let code = this.view.getInt8(this.at++);
      if (code === -127) continue;
      if (code === -128) code = this.signed();
      const number = before + code;
      if (!fromFirst || !begun) before = number;
      begun = true;
      out[i] = whole ? number / whole : number * step;
    }
  }
}

/* All points of a series in order of runs: {count, run, flags, value, base, low, high}; NaN where there
 * is none. */
async function unpack(one) {
  if (one.unpacked) return one.unpacked;
  const reader = new Reader(await chunk(one.chunk), one.offset);
  const count = one.points, none = () => new Float64Array(count).fill(NaN);
  const step = reader.double(), run = new Float64Array(count);
  for (let i = 0, before = 0; i < count; i++) run[i] = before += reader.signed();
  const flags = reader.bytes.subarray(reader.at, reader.at + count);
  reader.at += count;
  const points = { count, run, flags, step, value: none(), base: none(), low: none(), high: none() };
  reader.column(points.value, step, (i) => (flags[i] & 3) === 0);
  for (const name of ['base', 'low', 'high']) reader.column(points[name], step, (i) => flags[i] >> 3 !== 0);
  return points;
}

const isExcluded = (points, i) => (points.flags[i] & 4) !== 0;
const verdictAt = (points, i) => (points.flags[i] >> 3 ? verdictNames[(points.flags[i] >> 3) - 1] : null);

/* Of every run: {place: number of the run to index, time in ms, commit}. */
let runsPromise = null;
function runs() {
  runsPromise = runsPromise || (async () => {
    const reader = new Reader(await chunk(0), 0), count = reader.varint();
    const commits = new TextDecoder().decode(await chunk(1)).split('\n');
    const place = new Map(), time = new Float64Array(count), commit = new Array(count);
    for (let i = 0, number = 0, ms = 0, at = 0; i < count; i++) {
      place.set(number += reader.varint(), i);
      time[i] = ms += reader.signed();
      commit[i] = commits[at += reader.signed()];
    }
    return { place, time, commit };
  })();
  return runsPromise;
}

/* -- for people ----------------------------------------------------------------------------------- */

const STEPS = {
  time: [[86400e9, 'd', 2], [3600e9, 'h', 2], [60e9, 'min', 2], [1e9, 's'], [1e6, 'ms'], [1e3, 'us'], [1, 'ns'], [1e-3, 'ps']],
  size: [[1e12, 'TB'], [1e9, 'GB'], [1e6, 'MB'], [1e3, 'KB'], [1, 'B']],
  binary: [[2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [1024, 'KiB'], [1, 'B']],
  count: [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, '']],
};

/* How numbers of a unit are shown near a size: {factor, suffix}; the rules of `pace query`. */
function scaleOf(size, unit) {
  const known = units.get(unit) || { name: unit, kind: unit ? 'custom' : 'none', factor: 1 };
  const kind = known.kind, rest = kind === 'rate' ? known.name.replace(/^1?([^/]*)\/.*/, '$1/s')
    : kind === 'byterate' ? '/s' : kind === 'custom' ? known.name : '';
  if (kind === 'none' || kind === 'ratio' || kind === 'sd') {
    return { factor: 1, suffix: kind === 'none' || known.name === 'ratio' ? '' : ' ' + known.name };
  }
  const steps = kind === 'time' ? STEPS.time
    : kind === 'size' || kind === 'byterate' ? (known.name.includes('i') ? STEPS.binary : STEPS.size) : STEPS.count;
  const base = Math.abs(size) * known.factor;
  let at = base === 0 ? steps.findIndex((s) => s[0] === 1) : steps.findIndex((s) => base >= s[0] * (s[2] || 0.99995));
  if (at < 0) at = steps.length - 1;
  const prefix = steps[at][1], joined = kind === 'byterate' ? prefix + rest : [prefix, rest].filter(Boolean).join(' ');
  return { factor: known.factor / steps[at][0], suffix: joined ? ' ' + joined : '' };
}

/* Four digits, those before the point all. */
function digits(number) {
  const size = Math.abs(number);
  return size >= 1000 && size < 1e15 ? String(Math.round(number)) : String(Number(number.toPrecision(4)));
}

function quantity(value, unit) {
  if (value === null || Number.isNaN(value)) return '–';
  const scale = scaleOf(value, unit);
  return digits(value * scale.factor) + scale.suffix;
}

function percent(delta) {
  if (delta === null || Number.isNaN(delta)) return '';
  if (delta >= 9) return '× ' + digits(Number((delta + 1).toPrecision(2)));
  const size = Math.abs(delta * 100);
  if (size < 0.05) return '±0 %';
  let decimals = size < 10 ? 1 : 0;
  while (delta > -1 && decimals < 3 && delta < 0 && Number(size.toFixed(decimals)) === 100) decimals++; /* −100 % is nothing left */
  return (delta < 0 ? '−' : '+') + size.toFixed(decimals) + ' %';
}

function probability(p) {
  if (p === null) return '';
  return p < 1e-4 ? 'p < 0.0001' : 'p ' + Number(p.toPrecision(2));
}

const pad = (number) => String(number).padStart(2, '0');
function date(ms) {
  const d = new Date(ms);
  return d.getUTCFullYear() + '-' + pad(d.getUTCMonth() + 1) + '-' + pad(d.getUTCDate());
}
function dateTime(ms) {
  const d = new Date(ms);
  return date(ms) + ' ' + pad(d.getUTCHours()) + ':' + pad(d.getUTCMinutes());
}

const shortCommit = (commit) => (commit ? (/^[0-9a-f]{12,}/.test(commit) ? commit.slice(0, 9) : commit) : '');
const commitLink = (commit) => (data.link && commit ? data.link.replaceAll('{commit}', encodeURIComponent(commit)) : null);
const plural = (count, word) => count.toLocaleString('en') + ' ' + word + (count === 1 || word === 'series' ? '' : 's');

/* "mod.py::test_sort[4k]" to what leads there and what it is. */
function splitName(name) {
  const end = name.search(/[[({<]/), head = end < 0 ? name : name.slice(0, end);
  const at = Math.max(head.lastIndexOf('::') + 1, head.lastIndexOf('/'), head.lastIndexOf('.') > 0 && !/\.\w{1,4}$/.test(head) ? head.lastIndexOf('.') : -1);
  return at > 0 && at + 1 < name.length ? [name.slice(0, at + 1), name.slice(at + 1)] : ['', name];
}
