/* report_chart.js -- pictures of series: small ones on a canvas, the large one by uPlot. */

/* A colour of the style sheet. */
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

const STATE_COLOR = {
  worse: 'worse', open: 'worse', suspected: 'suspected', better: 'better', recovered: 'better', changed: 'changed',
  moved: 'changed', failed: 'worse', gone: 'dim', thin: 'dim', new: 'dim', none: 'dim',
};
const stateColor = (state) => color(STATE_COLOR[state] || 'line-strong');

/* -- small ---------------------------------------------------------------------------------------- */

/* The range that shows what is ordinary: a single wild point does not flatten all others. */
function rangeOf(values) {
  const sorted = Float64Array.from(values.filter((v) => !Number.isNaN(v))).sort(), n = sorted.length;
  if (n === 0) return [0, 1];
  const q1 = sorted[n >> 2], q3 = sorted[(3 * n) >> 2], reach = Math.max(4 * (q3 - q1), Math.abs(q3) * 0.02);
  let low = Math.max(sorted[0], q1 - reach), high = Math.min(sorted[n - 1], q3 + reach);
  if (low === high) { low -= Math.abs(low) * 0.02 || 1; high += Math.abs(high) * 0.02 || 1; }
  return [low, high];
}

const ordinary = (points) => Array.from({ length: points.count }, (_, i) => (isExcluded(points, i) ? NaN : points.value[i]));

/* What a branch started from: the parent's newest values before the branch left it. */
const INHERITED = 16;
async function inheritedOf(one) {
  const parent = one.stream.parent && branchesOf(one).find((o) => o.stream.branch === one.stream.parent);
  if (!parent) return [];
  const points = await unpack(parent), all = await runs(), fork = one.stream.fork_time;
  let end = points.count;
  if (fork !== undefined) while (end > 0 && all.time[all.place.get(points.run[end - 1])] > fork) end--;
  return ordinary(points).slice(Math.max(0, end - INHERITED), end);
}

/* Draws a series: its values, behind a pale line of what its branch started from, the changes, and a dot for the
 * newest. */
async function drawSmall(canvas, one) {
  const points = await unpack(one), before = await inheritedOf(one), ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width || !height || points.count === 0) return;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const ctx = canvas.getContext('2d');
  ctx.scale(ratio, ratio);
  const own = [...before, ...ordinary(points)];
  let from = 0;
  while (from < own.length - 1 && Number.isNaN(own[from])) from++;
  const [least, most] = rangeOf(own), pad = 4, dot = 2.5;
  const x = (i) => pad + ((width - 2 * pad) * (i - from)) / Math.max(1, own.length - 1 - from);
  const y = (v) => height - pad - ((height - 2 * pad) * (Math.min(Math.max(v, least), most) - least)) / (most - least);
  if (one.changes.length > 0) {
    const all = await runs();
    const at = new Map();
    for (let i = 0; i < points.count; i++) at.set(all.commit[all.place.get(points.run[i])], before.length + i);
    for (const change of one.changes) {
      const i = at.get(change.commit);
      if (i === undefined) continue;
      ctx.fillStyle = color(change.recovered ? 'dim' : change.worse ? 'worse' : change.worse === false && one.better ? 'better' : 'changed');
      ctx.globalAlpha = 0.75;
      ctx.fillRect(Math.round(x(i - 0.5)), 0, 1, height);
      ctx.globalAlpha = 1;
    }
  }
  const line = (first, end, tone) => {
    ctx.beginPath();
    let pen = false;
    for (let i = first; i < end; i++) {
      if (Number.isNaN(own[i])) continue;
      if (pen) ctx.lineTo(x(i), y(own[i])); else ctx.moveTo(x(i), y(own[i]));
      pen = true;
    }
    ctx.strokeStyle = color(tone);
    ctx.lineWidth = own.length > 300 ? 0.8 : 1.2;
    ctx.lineJoin = 'round';
    ctx.stroke();
  };
  if (before.length > 0) line(from, before.length + 1, 'line-strong');
  line(Math.max(from, before.length - (before.length > 0 ? 1 : 0)), own.length, 'accent');
  let last = own.length - 1;
  while (last > 0 && Number.isNaN(own[last])) last--;
  if (Number.isNaN(own[last])) return;
  const state = stateOf(one.row), calm = state === 'ok' || state === 'flat-ok' || state === 'none';
  ctx.beginPath();
  ctx.arc(x(last), y(own[last]), calm ? dot : dot + 1, 0, 2 * Math.PI);
  ctx.fillStyle = calm ? color('accent') : stateColor(state);
  ctx.fill();
}

/* -- large ---------------------------------------------------------------------------------------- */

/* What the large chart shows, on one x axis: a row for each place, and per branch its points there.
 *   x by commit: the trunk's points are 0, 1, 2...; a branch goes on from where it left
 *   x by time: seconds since 1970; points of one time stand side by side */
async function chartTable(shown, byTime) {
  const all = await runs(), places = new Map(), tracks = [];
  const trunk = shown.find((one) => !one.stream.parent) || shown[0];
  const ordered = [trunk, ...shown.filter((one) => one !== trunk)];
  for (const one of ordered) {
    const points = await unpack(one), at = new Float64Array(points.count);
    let start = -1;
    const first = tracks[0];
    if (first && !byTime) {
      start = first.points.count - 1;
      const fork = one.stream.fork_time;
      if (fork !== undefined) while (start >= 0 && all.time[all.place.get(first.points.run[start])] > fork) start--;
    }
    for (let i = 0, before = -Infinity; i < points.count; i++) {
      const run = all.place.get(points.run[i]);
      at[i] = byTime ? all.time[run] / 1000 : start + 1 + i;
      if (at[i] <= before) at[i] = before + 0.001;
      before = at[i];
    }
    tracks.push({ one, points, at, start, tone: trackTone(shown.indexOf(one)), forked: !!first && one.stream.fork_time !== undefined });
  }
  const xs = Float64Array.from(new Set(tracks.flatMap((t) => Array.from(t.at)))).sort();
  xs.forEach((x, i) => places.set(x, i));
  for (const track of tracks) {
    track.row = new Int32Array(xs.length).fill(-1);
    track.at.forEach((x, i) => { track.row[places.get(x)] = i; });
  }
  return { xs: Array.from(xs), tracks, runs: all };
}

/* The colour of the n-th branch that is shown; the first is the page's own. */
const trackTone = (n) => (n === 0 ? 'accent' : 'track-' + (2 + ((n - 1) % 5)));

/* The chart of a series and of other branches of it. `options`: byTime, log, ratio (what is 100 %, or 0),
 * onPoint(track, i) for the point that the cursor is at, onZoom(from, to). */
function drawLarge(host, table, main, options) {
  const { xs, tracks } = table;
  const lead = tracks.find((t) => t.one === main);
  const by = options.ratio || 1;
  const column = (track, values, keep) => xs.map((x, row) => {
    const i = track.row[row];
    return i < 0 || (keep && !keep(i)) || Number.isNaN(values[i]) ? null : values[i] / by;
  });
  /* Limits go on over places where other branches, or excluded points, stand. */
  const judged = (name) => {
    const list = column(lead, lead.points[name]), isOwn = (row) => lead.row[row] >= 0 && !isExcluded(lead.points, lead.row[row]);
    let before = null;
    for (let row = 0; row < list.length; row++) {
      if (isOwn(row)) { before = row; continue; }
      let next = row;
      while (next < list.length && !isOwn(next)) next++;
      if (before !== null && next < list.length && list[before] !== null && list[next] !== null) list.fill(list[before], row, next);
      row = next - 1;
    }
    return list;
  };
  const low = judged('low'), high = judged('high'), base = judged('base');
  const has = (list) => list.some((v) => v !== null);
  /* A limit on one side: the band reaches to the base. */
  const floor = has(low) ? low : base, ceiling = has(high) ? high : base;
  const columns = [xs, floor, ceiling, base];
  const hidden = { show: true, stroke: 'transparent', width: 0, points: { show: false } };
  const edge = (on) => (on ? { ...hidden, stroke: color('limit'), width: 1, dash: [4, 3] } : hidden);
  const lines = [{}, edge(has(low)), edge(has(high)), { ...hidden, stroke: color('limit'), width: 1 }];
  tracks.forEach((track) => {
    const stroke = color(track.tone);
    columns.push(column(track, track.points.value, (i) => !isExcluded(track.points, i)));
    lines.push({
      stroke, width: track === lead ? 1.5 : 1.25, spanGaps: true, alpha: track === lead ? 1 : 0.85,
      points: { show: track.points.count < 150, size: 4, fill: stroke, stroke },
    });
  });
  const unit = options.ratio ? '%' : main.unit;
  const size = Math.max(...columns[columns.length - tracks.length + tracks.indexOf(lead)].filter((v) => v !== null).map(Math.abs), 0);
  const scale = options.ratio ? { factor: 100, suffix: ' %' } : scaleOf(size, unit);
  const plot = new uPlot({
    width: host.clientWidth, height: Math.max(260, Math.min(460, Math.round(window.innerHeight * 0.45))),
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    legend: { show: false },
    scales: {
      x: { time: options.byTime, range: xRange },
      y: { distr: options.log ? 3 : 1, range: yRange },
    },
    axes: [xAxis(table, lead, options), yAxis(scale, options)],
    series: lines,
    bands: [{ series: [2, 1], fill: color('band') }],
    cursor: {
      drag: { x: true, y: false, setScale: true, uni: 10 },
      y: false,
      points: { show: (u, n) => n > 3, size: 8 },
    },
    hooks: {
      drawClear: [(u) => drawMarks(u, table, lead, options)],
      draw: [(u) => drawPoints(u, table, lead, by)],
      setCursor: [(u) => pointAt(u, tracks, options)],
      setScale: [(u, key) => { if (key === 'x' && options.onZoom) options.onZoom(u.scales.x.min, u.scales.x.max); }],
    },
  }, columns, host);
  plot.root.setAttribute('role', 'img');
  plot.root.setAttribute('aria-label', `Chart of ${main.benchmark} ${main.measure}; the table below has its numbers`);
  return plot;

  function xRange(u, from, to) {
    if (xs.length === 1) return [xs[0] - (options.byTime ? 43200 : 1), xs[0] + (options.byTime ? 43200 : 1)];
    if (from === to) return [from - 1, to + 1];
    const room = (to - from) * 0.015;
    return from === xs[0] && to === xs[xs.length - 1] ? [from - room, to + room] : [from, to];
  }
  function yRange(u, from, to) {
    if (from === null) return options.log ? [1, 10] : [0, 1];
    if (options.log) return [from / 1.1, to * 1.1];
    const room = (to - from) * 0.08 || Math.abs(to) * 0.05 || 1;
    return [from >= 0 && from < room ? 0 : from - room, to + room];
  }
}

function axisOf() {
  return {
    stroke: color('dim'), font: '12px system-ui, sans-serif', grid: { stroke: color('grid'), width: 1 },
    ticks: { stroke: color('grid'), width: 1, size: 4 },
  };
}

function xAxis(table, lead, options) {
  if (options.byTime) return { ...axisOf(), space: 90, size: 34, values: (u, splits, axis, space, step) => timeLabels(splits, step) };
  const { runs: all, tracks } = table;
  /* A place has the commit of the chart's own series there, else that of another one. */
  const commitAt = (x) => {
    const row = table.xs.indexOf(x);
    for (const track of [lead, ...tracks]) {
      if (row >= 0 && track.row[row] >= 0) return shortCommit(all.commit[all.place.get(track.points.run[track.row[row]])]).slice(0, 7);
    }
    return '';
  };
  return {
    ...axisOf(), space: 90, size: 34, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000],
    splits: (u, axis, from, to, step) => {
      const splits = [];
      for (let x = Math.max(0, Math.ceil(from / step) * step); x <= Math.min(to, table.xs[table.xs.length - 1]); x += step) splits.push(x);
      return splits;
    },
    values: (u, splits) => splits.map(commitAt),
  };
}

/* Days, or hours where they are close, with the year or the day where it begins. */
function timeLabels(splits, step) {
  let before = '';
  return splits.map((seconds) => {
    const [day, hour] = dateTime(seconds * 1000).split(' '), whole = step >= 86400;
    const major = whole ? day.slice(0, 4) : day, label = whole ? day.slice(5) : hour;
    const text = major === before ? label : whole ? day : day.slice(5) + ' ' + hour;
    before = major;
    return text;
  });
}

function yAxis(scale, options) {
  return {
    ...axisOf(), size: 82, filter: (u, splits) => splits, splits: options.log ? (u, axis, from, to) => logSplits(from, to) : undefined,
    values: (u, splits) => splits.map((v) => digits(Number((v * scale.factor).toPrecision(6))) + scale.suffix),
  };
}

/* 1, 2 and 5 times powers of ten; of less than a decade, even steps. */
function logSplits(from, to) {
  const splits = [];
  for (let power = 10 ** Math.floor(Math.log10(from)); power <= to; power *= 10) {
    for (const n of [1, 2, 5]) if (n * power >= from && n * power <= to) splits.push(n * power);
  }
  if (splits.length >= 4) return splits;
  const rough = (to - from) / 6, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((s) => s >= rough), even = [];
  for (let v = Math.ceil(from / step) * step; v <= to; v += step) even.push(v);
  return even;
}

/* Behind the lines: changes, accepted marks, and where a branch left. */
function drawMarks(u, table, lead, options) {
  const { ctx, bbox } = u, { runs: all, tracks, xs } = table, ratio = window.devicePixelRatio || 1;
  const lines = [];
  const vertical = (x, stroke, dash, text) => {
    const at = Math.round(u.valToPos(x, 'x', true));
    if (at >= bbox.left && at <= bbox.left + bbox.width) lines.push({ at, stroke, dash, text: text.length > 26 ? text.slice(0, 25) + '…' : text });
  };
  const times = Array.from(lead.points.run, (run) => all.time[all.place.get(run)]);
  /* Between the last point before a time and the first from it on. */
  const between = (i) => (i <= 0 ? lead.at[0] : options.byTime ? lead.at[i] : lead.at[i] - 0.5);
  for (const change of lead.one.changes) {
    const i = lead.points.run.findIndex((run) => all.commit[all.place.get(run)] === change.commit);
    if (i < 0) continue;
    const tone = change.recovered ? 'dim' : lead.one.better ? (change.worse ? 'worse' : 'better') : 'changed';
    vertical(between(i), color(tone), [], percent(change.delta));
  }
  for (const mark of marksOf(lead.one)) {
    if (mark.at === null) continue;
    const i = times.findIndex((time) => time >= mark.at);
    if (i >= 0) vertical(between(i), color('mark'), [2, 3], 'accepted');
  }
  for (const track of tracks) {
    if (!track.forked) continue;
    const x = options.byTime ? track.one.stream.fork_time / 1000 : track.start + 0.5;
    if (x >= xs[0]) vertical(x, color('mark'), [6, 4], track.one.stream.branch);
  }
  /* Texts that would lie over each other stand in rows. */
  const ends = [];
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = 'top';
  ctx.lineWidth = ratio;
  for (const { at, stroke, dash, text } of lines.sort((x, y) => x.at - y.at)) {
    const wide = ctx.measureText(text).width, left = at + wide + 8 * ratio > bbox.left + bbox.width ? at - wide - 4 * ratio : at + 4 * ratio;
    let row = ends.findIndex((end) => end < left);
    if (row < 0) row = ends.length;
    ends[row] = left + wide + 6 * ratio;
    ctx.strokeStyle = ctx.fillStyle = stroke;
    ctx.setLineDash(dash.map((d) => d * ratio));
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillText(text, left, bbox.top + (2 + 14 * row) * ratio);
  }
  ctx.restore();
}

/* Before the lines: points that alerted, that are excluded, that failed. */
function drawPoints(u, table, lead, by) {
  const { ctx, bbox } = u, ratio = window.devicePixelRatio || 1, points = lead.points;
  const circle = (x, y, radius, stroke, fill) => {
    ctx.beginPath();
    ctx.arc(x, y, radius * ratio, 0, 2 * Math.PI);
    ctx.lineWidth = 1.5 * ratio;
    ctx.strokeStyle = stroke;
    ctx.stroke();
    if (fill) { ctx.fillStyle = fill; ctx.fill(); }
  };
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (let i = 0; i < points.count; i++) {
    const x = u.valToPos(lead.at[i], 'x', true), verdict = verdictAt(points, i);
    if (Number.isNaN(points.value[i])) {
      ctx.fillStyle = color('worse');
      ctx.font = `${11 * ratio}px system-ui, sans-serif`;
      ctx.textAlign = 'center';
      ctx.fillText('×', x, bbox.top + bbox.height - 3 * ratio);
      continue;
    }
    const y = u.valToPos(points.value[i] / by, 'y', true);
    if (isExcluded(points, i)) circle(x, y, 3.5, color('dim'), null);
    else if (verdict === 'worse') circle(x, y, 4.5, color('panel'), color('worse'));
    else if (verdict === 'suspected') circle(x, y, 4, color('suspected'), color('panel'));
    else if (verdict === 'better') circle(x, y, 3.5, color('better'), color('panel'));
    else if (verdict === 'changed') circle(x, y, 3.5, color('changed'), color('panel'));
  }
  ctx.restore();
}

/* The point of the line that the cursor is nearest to. */
function pointAt(u, tracks, options) {
  const row = u.cursor.idx;
  if (row === null || row === undefined || !options.onPoint) return;
  let best = null, reach = Infinity;
  tracks.forEach((track, n) => {
    const i = track.row[row], value = u.data[4 + n][row];
    if (i < 0 || value === null) return;
    const far = Math.abs(u.valToPos(value, 'y') - u.cursor.top);
    if (far < reach) { reach = far; best = [track, i]; }
  });
  if (best) options.onPoint(best[0], best[1]);
}

function marksOf(one) {
  return data.marks.filter((mark) => mark.kind === 'accept' && mark.series.includes(one.index));
}
