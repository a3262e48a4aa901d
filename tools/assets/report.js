/* report.js -- the pages: what moved, all series, one series, marks. What is shown is in the address, so
 * that it can be sent to somebody. Text goes into the page as text, never as markup. */

const $ = (id) => document.getElementById(id);

/* An element with attributes, listeners (on...) and children; null children are left out. */
function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/* -- what is shown -------------------------------------------------------------------------------- */

const read = () => new URLSearchParams(location.hash.slice(1));
const address = (parameters) => {
  const text = new URLSearchParams(parameters).toString();
  return '#' + text.replaceAll('%2F', '/').replaceAll('%3A', ':');
};
const seriesAddress = (one) => address({ series: pathOf(one) });

/* Changes what is shown in place: null takes a parameter out. */
function change(patch, push) {
  const now = read();
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === '') now.delete(key);
    else now.set(key, value);
  }
  const to = address(now);
  if (push) location.hash = to;
  else { history.replaceState(null, '', to); show(); }
}

/* -- pieces --------------------------------------------------------------------------------------- */

const WORDS = { open: 'still worse', none: 'not in the newest run' };

function badge(state) {
  const help = state === 'open' ? 'a regression of an earlier run that nobody accepted' : verdictHelp.get(state);
  return el('span', { class: 'badge ' + (STATE_COLOR[state] || 'calm'), title: help || null }, WORDS[state] || state);
}

function commitText(commit) {
  if (!commit) return el('span', { class: 'dim' }, 'no commit');
  const link = commitLink(commit), text = shortCommit(commit);
  return link ? el('a', { href: link, class: 'commit', title: commit, rel: 'noreferrer' }, text)
    : el('span', { class: 'commit', title: commit }, text);
}

function rangeText(good, bad) {
  if (!good && !bad) return el('span', { class: 'dim' }, 'no commits are known');
  return el('span', { class: 'range' }, good ? commitText(good) : null, good ? '‥' : null, bad ? commitText(bad) : null);
}

const several = (name) => new Set(data.streams.map((s) => s[name])).size > 1;
const manyMeasures = new Set(series.map((s) => s.measure)).size > 1;

/* "latency · ci-1 · main": what tells series of one benchmark apart here. */
function contextOf(one) {
  return [manyMeasures ? one.measure : null, several('testbed') ? one.stream.testbed : null,
    several('branch') ? one.stream.branch : null, several('project') ? one.stream.project : null].filter(Boolean).join(' · ');
}

/* A name in one line of so many letters: whole, or what it ends in, and the rest with the context. */
function titleOf(one, room) {
  const [lead, last] = splitName(one.benchmark);
  return one.benchmark.length <= room ? nameOf(one) : el('b', { class: 'name', title: pathOf(one) }, lead ? last : one.benchmark);
}

function whereOf(one, room) {
  const lead = one.benchmark.length <= room ? '' : splitName(one.benchmark)[0].replace(/(::|[/.])$/, '');
  return [contextOf(one), lead].filter(Boolean).join(' · ') || '\u00a0';
}

function nameOf(one) {
  const [lead, last] = splitName(one.benchmark);
  return el('span', { class: 'name', title: pathOf(one) }, lead ? el('span', { class: 'lead' }, lead) : null, el('b', {}, last));
}

/* A difference; in colour, with an arrow, where somebody has to look. */
function deltaText(one, delta, state) {
  if (isCalm(state)) return el('span', { class: 'dim' }, percent(delta));
  const bad = worseness(one, delta);
  return el('span', { class: 'delta ' + (bad > 0 ? 'worse' : bad < 0 ? 'better' : 'changed') },
    (delta > 0 ? '▲ ' : delta < 0 ? '▼ ' : '') + percent(delta));
}
const CALM = ['ok', 'flat-ok', 'thin', 'new', 'none', 'gone'];
const isCalm = (state) => CALM.includes(state);

/* Small pictures are drawn when they come into sight. */
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    drawSmall(entry.target, entry.target.series).catch(() => {});
  }
}, { rootMargin: '200px' });

function spark(one, kind) {
  const canvas = el('canvas', { class: kind || 'spark', 'aria-hidden': 'true' });
  canvas.series = one;
  watcher.observe(canvas);
  return canvas;
}

/* -- what moved ----------------------------------------------------------------------------------- */

/* Rows of one commit range together: the largest groups of the newest ranges first. */
function groupRows(rows, keyOf, timeOf, sizeOf) {
  const groups = new Map();
  for (const row of rows) {
    const key = keyOf(row);
    if (!groups.has(key)) groups.set(key, { rows: [], time: -Infinity });
    const group = groups.get(key);
    group.rows.push(row);
    group.time = Math.max(group.time, timeOf(row));
  }
  for (const group of groups.values()) group.rows.sort((a, b) => Math.abs(sizeOf(b)) - Math.abs(sizeOf(a)));
  const fires = (group) => (group.rows.some((row) => row.verdict === 'worse') ? 1 : 0);
  return [...groups.values()].sort((a, b) => fires(b) - fires(a) || b.time - a.time || b.rows.length - a.rows.length);
}

const FIRST_ROWS = 6, FIRST_GROUPS = 25;

/* A table row of the overview. */
function movedRow(one, before, after, delta, sure, state) {
  return el('tr', {},
    el('td', { class: 'grow' }, el('a', { href: seriesAddress(one) }, titleOf(one, 46)), el('div', { class: 'context' }, whereOf(one, 46))),
    el('td', { class: 'picture' }, spark(one)),
    el('td', { class: 'number' }, quantity(before, one.unit)),
    el('td', { class: 'arrow' }, '→'),
    el('td', { class: 'number' }, quantity(after, one.unit)),
    el('td', { class: 'number' }, deltaText(one, delta)),
    el('td', { class: 'sure' }, sure),
    el('td', {}, state));
}

/* A group with its first rows, and a button for the others. */
function groupCard(group, head, rowOf) {
  const body = el('tbody', {}, group.rows.slice(0, FIRST_ROWS).map(rowOf));
  const more = group.rows.length - FIRST_ROWS;
  const button = more > 0 ? el('button', { class: 'more', type: 'button', onclick: () => {
    body.append(...group.rows.slice(FIRST_ROWS).map(rowOf));
    button.remove();
  } }, `${more} more of this range`) : null;
  return el('section', { class: 'group' }, head, el('div', { class: 'scroll' }, el('table', { class: 'moved' }, body)), button);
}

/* Groups under a heading; those beyond the first ones by a button. */
function groupList(title, text, groups, cardOf) {
  if (groups.length === 0) return null;
  const count = groups.reduce((sum, g) => sum + g.rows.length, 0);
  const list = el('div', {}, groups.slice(0, FIRST_GROUPS).map(cardOf));
  const more = groups.length - FIRST_GROUPS;
  const button = more > 0 ? el('button', { class: 'more', type: 'button', onclick: () => {
    list.append(...groups.slice(FIRST_GROUPS).map(cardOf));
    button.remove();
  } }, `${more} older ${more === 1 ? 'range' : 'ranges'}`) : null;
  return el('section', { class: 'part' },
    el('h2', {}, title, el('span', { class: 'count' }, count.toLocaleString('en'))), el('p', { class: 'dim' }, text), list, button);
}

/* When what a row tells of began: of what is still worse, the time of its change point, if there is one. */
function since(row) {
  const began = isOpen(row) ? row.series.changes.find((c) => c.commit === row.bad_commit || c.from_commit === row.good_commit) : null;
  return began ? began.time : row.time;
}

/* The newest verdicts that are not calm, by the commits that are to blame. */
function verdictParts() {
  const part = (title, text, states) => {
    const rows = checks.filter((row) => states.includes(stateOf(row)));
    const groups = groupRows(rows, (r) => r.good_commit + ' ' + (r.bad_commit || r.commit) + ' ' + r.series.stream.branch,
      since, (r) => movedBy(r) || 0);
    return groupList(title, text, groups, (group) => {
      const first = group.rows[0];
      return groupCard(group,
        el('h3', {}, first.good_commit || first.bad_commit ? rangeText(first.good_commit, first.bad_commit) : commitText(first.commit),
          el('span', { class: 'dim' }, [dateTime(since(first)), several('branch') ? first.series.stream.branch : null, plural(group.rows.length, 'series')].filter(Boolean).join(' · '))),
        (row) => movedRow(row.series, isOpen(row) ? row.before : row.base, row.value,
          movedBy(row),
          isOpen(row) ? '' : row.q !== null ? probability(row.q).replace(/^p/, 'q') : probability(row.p), badge(stateOf(row))));
    });
  };
  return {
    worse: part('Worse now', 'Verdicts on the newest run of each stream, as pace check gives them.', ['worse', 'open']),
    suspected: part('Suspected', 'Worse, but one confirmation short: the next run tells.', ['suspected']),
    failed: part('Failed', 'The benchmark failed or was skipped in the newest run.', ['failed']),
    changed: part('Changed now', 'Beyond a limit, and nobody has said which way is better; or the machine is another one.', ['changed', 'moved']),
    better: part('Better now', 'Beyond the limit on the better side, or back from a regression.', ['better', 'recovered']),
  };
}

/* Changes of the whole history, by range. */
function changeParts() {
  const part = (title, text, keep) => {
    const groups = groupRows(changes.filter(keep), (c) => c.event + ' ' + c.from_commit + ' ' + c.commit, (c) => c.time, (c) => c.delta || 0);
    return groupList(title, text, groups, (group) => {
      const first = group.rows[0];
      return groupCard(group,
        el('h3', {}, rangeText(first.from_commit, first.commit), el('span', { class: 'dim' }, `${dateTime(first.time)} · ${plural(group.rows.length, 'series')}`)),
        (c) => movedRow(c.series, c.before, c.after, c.delta, probability(c.p), el('span', { class: 'dim' },
          [c.kind === 'step' ? null : c.kind, c.until !== null ? 'until ' + date(c.until) : c.recovered ? 'came back' : null].filter(Boolean).join(', '))));
    });
  };
  const known = (c) => c.series.better && c.series.better !== '-';
  /* What stands under the newest verdicts is not told again. */
  const told = (c) => c.series.row !== null && ['worse', 'open'].includes(stateOf(c.series.row)) && c === c.series.changes[c.series.changes.length - 1];
  return {
    worse: part('Got worse', 'Change points of the whole history that have not come back since.', (c) => known(c) && c.worse && !c.recovered && !told(c)),
    better: part('Got better', 'Change points for the better.', (c) => known(c) && !c.worse && !c.recovered),
    back: part('Came back', 'Levels that changed and returned.', (c) => c.recovered),
    changed: part('Changed', 'Change points of measures without a direction.', (c) => !known(c) && !c.recovered),
  };
}

/* How many series have each verdict; each leads to these. */
function verdictBar() {
  const counts = new Map();
  for (const one of series) counts.set(stateOf(one.row), (counts.get(stateOf(one.row)) || 0) + 1);
  const order = ['worse', 'open', 'suspected', 'failed', 'gone', 'changed', 'moved', 'better', 'recovered', 'new', 'thin', 'flat-ok', 'ok', 'none'];
  const shown = order.filter((state) => counts.has(state));
  const strip = el('div', { class: 'strip', 'aria-hidden': 'true' }, shown.map((state) => {
    const piece = el('span', { class: 'fill ' + (STATE_COLOR[state] || 'calm') });
    piece.style.flexGrow = counts.get(state);
    return piece;
  }));
  return el('div', { class: 'verdicts' }, strip, el('ul', {}, shown.map((state) => el('li', {},
    el('a', { href: address({ view: 'series', verdict: state }) },
      el('b', {}, counts.get(state).toLocaleString('en')), ' ', badge(state))))));
}

const title = [...new Set(data.streams.map((s) => s.project))].slice(0, 3).join(', ');

function overview(main) {
  const newest = checks.reduce((best, row) => (best === null || row.time > best.time ? row : best), null);
  const distinct = (name) => [...new Set(data.streams.map((s) => s[name]))];
  const few = (name, word) => { const all = distinct(name); return all.length === 1 ? all[0] : plural(all.length, word); };
  /* Regressions first, what is confirmed before what is suspected. */
  const verdicts = verdictParts(), history = changeParts();
  const parts = [verdicts.worse, history.worse, verdicts.suspected, verdicts.failed, verdicts.changed, history.changed,
    verdicts.better, history.better, history.back].filter(Boolean);
  main.append(
    el('h1', {}, title),
    el('p', { class: 'facts' },
      [few('branch', 'branch').replace(/branchs$/, 'branches'), few('testbed', 'testbed'), plural(series.length, 'series'), plural(data.points, 'point')].join(' · '),
      newest ? el('span', {}, ' · newest run ', el('time', {}, dateTime(newest.time)), ' of ', commitText(newest.commit)) : null),
    verdictBar(),
    parts.length ? el('div', {}, parts) : el('p', { class: 'note' }, 'Nothing moved: no verdict but calm ones, and no change in the whole history.'),
    el('footer', {}, data.judged_last ? `Charts have the limits of the newest ${data.judged_last} points of each series, and values in steps of a tenth of their noise, as there are many points here. ` : null,
      `Made ${data.made.replace('T', ' ').replace('Z', ' UTC')} by pace ${data.pace} from `, el('code', {}, data.selector), '. Times are UTC.'));
}

/* -- all series ----------------------------------------------------------------------------------- */

const ATTENTION = ['worse', 'open', 'suspected', 'failed', 'changed', 'moved', 'better', 'recovered', 'gone'];
const newestChange = (one) => one.changes.reduce((time, c) => Math.max(time, c.time), -Infinity);
const SORTS = {
  attention: ['what needs attention', (a, b) => rank(a) - rank(b) || newestChange(b) - newestChange(a) || a.index - b.index],
  name: ['name', (a, b) => (a.benchmark < b.benchmark ? -1 : a.benchmark > b.benchmark ? 1 : a.index - b.index)],
  delta: ['difference to the baseline', (a, b) => far(b) - far(a) || a.index - b.index],
  change: ['newest change', (a, b) => newestChange(b) - newestChange(a) || a.index - b.index],
};
function rank(one) { const at = ATTENTION.indexOf(stateOf(one.row)); return at < 0 ? ATTENTION.length : at; }
function far(one) { return one.row ? Math.abs(movedBy(one.row) || 0) : 0; }

/* Each word is somewhere in the path. */
function chosen(state) {
  const words = (state.get('q') || '').toLowerCase().split(/\s+/).filter(Boolean);
  const is = (name, value) => !state.get(name) || state.get(name) === value;
  const list = series.filter((one) => {
    if (!is('measure', one.measure) || !is('testbed', one.stream.testbed) || !is('branch', one.stream.branch) || !is('project', one.stream.project) || !is('verdict', stateOf(one.row))) return false;
    if (words.length === 0) return true;
    const text = (one.text = one.text || [one.stream.project, one.stream.branch, one.stream.testbed, one.benchmark, one.measure].join(' ').toLowerCase());
    return words.every((word) => text.includes(word));
  });
  return list.sort((SORTS[state.get('sort')] || SORTS.attention)[1]);
}

function choice(label, key, state, options) {
  if (options.length < 2) return null;
  return el('label', { class: 'choice' }, label + ' ', el('select', { onchange: (e) => change({ [key]: e.target.value }) },
    options.map(([value, text]) => el('option', { value, selected: (state.get(key) || '') === value }, text))));
}

function filters(state) {
  const any = (name, values) => [['', 'all'], ...[...new Set(values)].sort().map((v) => [v, v])].filter((o, i, all) => all.length > 2);
  const states = ['worse', 'open', 'suspected', 'failed', 'gone', 'changed', 'moved', 'better', 'recovered', 'new', 'thin', 'flat-ok', 'ok', 'none']
    .filter((s) => series.some((one) => stateOf(one.row) === s)).map((s) => [s, WORDS[s] || s]);
  return el('div', { class: 'filters' },
    choice('Verdict', 'verdict', state, [['', 'all'], ...states]),
    choice('Measure', 'measure', state, any('measure', series.map((s) => s.measure))),
    choice('Testbed', 'testbed', state, any('testbed', data.streams.map((s) => s.testbed))),
    choice('Branch', 'branch', state, any('branch', data.streams.map((s) => s.branch))),
    choice('Project', 'project', state, any('project', data.streams.map((s) => s.project))),
    choice('Order', 'sort', state, Object.entries(SORTS).map(([key, sort]) => [key === 'attention' ? '' : key, sort[0]])));
}

const CARD_HEIGHT = 168, CARD_WIDTH = 300, GAP = 12;

function card(one) {
  const row = one.row, state = stateOf(row), delta = row ? movedBy(row) : null;
  const calm = state === 'ok' || state === 'flat-ok';
  return el('a', { class: 'card', href: seriesAddress(one), 'data-index': one.index },
    titleOf(one, 38), el('div', { class: 'context' }, whereOf(one, 38)), spark(one, 'chart'),
    el('div', { class: 'foot' }, el('span', { class: 'value' }, quantity(row ? row.value : null, one.unit)),
      delta === null ? null : deltaText(one, delta, state),
      calm ? null : badge(state)));
}

/* A grid of which only the rows in sight exist. */
function grid(list) {
  const host = el('div', { class: 'grid' }), made = new Map();
  function place() {
    const width = host.clientWidth;
    if (!width) return;
    const across = Math.max(1, Math.floor((width + GAP) / (CARD_WIDTH + GAP))), wide = (width - GAP * (across - 1)) / across;
    host.style.height = Math.ceil(list.length / across) * (CARD_HEIGHT + GAP) + 'px';
    const top = -host.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor((top - 300) / (CARD_HEIGHT + GAP)) * across);
    const last = Math.min(list.length, Math.ceil((top + window.innerHeight + 300) / (CARD_HEIGHT + GAP)) * across);
    for (const [i, node] of made) {
      if ((i < first || i >= last) && node !== document.activeElement) { node.remove(); made.delete(i); }
    }
    for (let i = first; i < last; i++) {
      let node = made.get(i);
      if (!node) { made.set(i, node = card(list[i])); host.append(node); }
      node.style.transform = `translate(${(i % across) * (wide + GAP)}px, ${Math.floor(i / across) * (CARD_HEIGHT + GAP)}px)`;
      node.style.width = wide + 'px';
      node.place = i;
    }
  }
  onView('scroll', place);
  onView('resize', place);
  host.addEventListener('keydown', (event) => {
    const across = Math.max(1, Math.floor((host.clientWidth + GAP) / (CARD_WIDTH + GAP)));
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
    const at = document.activeElement.place;
    if (!step || at === undefined || !list[at + step]) return;
    event.preventDefault();
    event.stopPropagation();
    const row = Math.floor((at + step) / across) * (CARD_HEIGHT + GAP), y = host.getBoundingClientRect().top + row;
    if (y < 80 || y + CARD_HEIGHT > window.innerHeight) window.scrollBy(0, y - window.innerHeight / 3);
    place();
    if (made.get(at + step)) made.get(at + step).focus();
  });
  requestAnimationFrame(place);
  return host;
}

function gridPage(main, state) {
  const list = chosen(state);
  main.append(el('div', { class: 'bar' }, el('h1', {}, 'Series'),
    el('span', { class: 'dim', role: 'status' }, list.length === series.length ? plural(list.length, 'series') : `${list.length.toLocaleString('en')} of ${plural(series.length, 'series')}`),
    el('button', { type: 'button', 'aria-pressed': state.get('table') ? 'true' : 'false', onclick: () => change({ table: state.get('table') ? null : '1' }) }, 'Table')), filters(state));
  if (list.length === 0) main.append(el('p', { class: 'note' }, 'No series matches. ', el('a', { href: '#view=series' }, 'Show all')));
  else main.append(state.get('table') ? seriesTable(list) : grid(list));
}

function seriesTable(list) {
  const rowOf = (one) => {
    const row = one.row;
    return el('tr', {}, el('td', { class: 'grow' }, el('a', { href: seriesAddress(one) }, nameOf(one))), el('td', {}, contextOf(one)),
      el('td', { class: 'number' }, quantity(row ? row.value : null, one.unit)), el('td', { class: 'number' }, quantity(row ? (isOpen(row) ? row.before : row.base) : null, one.unit)),
      el('td', { class: 'number' }, row && movedBy(row) !== null ? deltaText(one, movedBy(row), stateOf(row)) : ''), el('td', {}, badge(stateOf(row))),
      el('td', { class: 'number' }, String(one.changes.length)), el('td', { class: 'number' }, String(one.points)));
  };
  return longTable(['benchmark', '', 'value', 'baseline', 'difference', 'verdict', 'changes', 'points'], list, rowOf);
}

const TABLE_ROWS = 300;

/* A table whose rows beyond the first come by a button. */
function longTable(columns, list, rowOf) {
  const body = el('tbody', {});
  let at = 0;
  const button = el('button', { class: 'more', type: 'button', onclick: () => add() });
  function add() {
    body.append(...list.slice(at, at + TABLE_ROWS).map(rowOf));
    at = Math.min(list.length, at + TABLE_ROWS);
    button.textContent = `${Math.min(TABLE_ROWS, list.length - at)} more of ${list.length.toLocaleString('en')}`;
    if (at === list.length) button.remove();
  }
  const numbers = ['value', 'baseline', 'limit', 'difference', 'changes', 'points', 'run', 'before', 'after', 'effect'];
  const table = el('div', { class: 'scroll' }, el('table', { class: 'rows' }, el('thead', {}, el('tr', {}, columns.map((c) => el('th', { scope: 'col', class: numbers.includes(c) ? 'number' : null }, c)))), body));
  const host = el('div', {}, table, button);
  add();
  return host;
}

/* -- one series ----------------------------------------------------------------------------------- */

let shownList = null; /* what j and k go through: the list that the series was found in */

/* The same benchmark and measure on other branches, of which the state shows some: the parent, unless it says. */
function branchesOf(one) {
  return series.filter((o) => o !== one && o.benchmark === one.benchmark && o.measure === one.measure && o.stream.project === one.stream.project && o.stream.testbed === one.stream.testbed);
}

function overlays(one, state) {
  const others = branchesOf(one), wanted = state.has('with') ? state.get('with').split(',').filter(Boolean) : null;
  return others.filter((o) => (wanted ? wanted.includes(encodeURIComponent(o.stream.branch)) : o.stream.branch === one.stream.parent));
}

function toggle(text, key, state, on, off, help) {
  const active = state.get(key) === on;
  return el('button', { type: 'button', 'aria-pressed': String(active), title: help, onclick: () => change({ [key]: active ? off : on }) }, text);
}

function branchChoice(one, state) {
  const others = branchesOf(one), shown = overlays(one, state);
  if (others.length === 0) return null;
  const set = (o) => {
    const now = shown.includes(o) ? shown.filter((s) => s !== o) : [...shown, o];
    change({ with: now.map((s) => encodeURIComponent(s.stream.branch)).join(',') || ',' });
  };
  return el('div', { class: 'branches', role: 'group', 'aria-label': 'Other branches' }, el('span', { class: 'dim' }, 'also on'),
    others.slice(0, 24).map((o) => el('button', { type: 'button', 'aria-pressed': String(shown.includes(o)), onclick: () => set(o) }, shown.includes(o) ? el('i', { class: trackTone(1 + shown.indexOf(o)) }) : null, o.stream.branch)),
    others.length > 24 ? el('span', { class: 'dim' }, `and ${others.length - 24} more`) : null);
}

function pointFacts(track, i, all) {
  const { one, points } = track, run = all.place.get(points.run[i]), value = points.value[i], base = points.base[i];
  const verdict = isExcluded(points, i) ? 'excluded' : verdictAt(points, i);
  const limits = [['low', '≥'], ['high', '≤']].filter(([name]) => !Number.isNaN(points[name][i])).map(([name, sign]) => sign + ' ' + quantity(points[name][i], one.unit)).join(', ');
  return {
    run: points.run[i], commit: all.commit[run], time: all.time[run], value, base, limits, verdict,
    delta: Number.isNaN(base) || base === 0 || Number.isNaN(value) ? null : (value - base) / Math.abs(base),
  };
}

function tipText(track, i, all) {
  const one = track.one, facts = pointFacts(track, i, all);
  return [
    el('div', { class: 'tip-value' }, el('b', {}, Number.isNaN(facts.value) ? 'failed' : quantity(facts.value, one.unit)), facts.delta !== null ? deltaText(one, facts.delta, facts.verdict) : null),
    el('div', {}, el('span', { class: 'commit' }, shortCommit(facts.commit) || 'no commit'), ' · ', dateTime(facts.time), ' · run ' + facts.run),
    Number.isNaN(facts.base) ? null : el('div', { class: 'dim' }, 'baseline ' + quantity(facts.base, one.unit) + (facts.limits ? ', limit ' + facts.limits : '')),
    el('div', {}, facts.verdict === 'excluded' ? el('span', { class: 'badge dim' }, 'excluded') : facts.verdict ? badge(facts.verdict) : null,
      several('branch') ? el('span', { class: 'dim' }, ' ' + one.stream.branch) : null),
  ].filter(Boolean);
}

function pointsTable(track, all) {
  const { one, points } = track, list = Array.from({ length: points.count }, (_, i) => points.count - 1 - i);
  return longTable(['run', 'commit', 'time', 'value', 'baseline', 'limit', 'difference', 'verdict'], list, (i) => {
    const facts = pointFacts(track, i, all);
    return el('tr', {}, el('td', { class: 'number' }, String(facts.run)), el('td', {}, commitText(facts.commit)), el('td', {}, dateTime(facts.time)),
      el('td', { class: 'number' }, Number.isNaN(facts.value) ? 'failed' : quantity(facts.value, one.unit)), el('td', { class: 'number' }, quantity(facts.base, one.unit)),
      el('td', { class: 'number' }, facts.limits), el('td', { class: 'number' }, facts.delta === null ? '' : deltaText(one, facts.delta, facts.verdict)),
      el('td', {}, facts.verdict === 'excluded' ? el('span', { class: 'badge dim' }, 'excluded') : facts.verdict ? badge(facts.verdict) : ''));
  });
}

function changesTable(one) {
  if (one.changes.length === 0) return null;
  return el('section', {}, el('h2', {}, 'Changes'), el('div', { class: 'scroll' }, el('table', { class: 'rows stack' },
    el('thead', {}, el('tr', {}, ['commits', 'time', 'kind', 'before', 'after', 'difference', 'confidence', ''].map((c) => el('th', { scope: 'col', class: ['before', 'after', 'difference'].includes(c) ? 'number' : null }, c)))),
    el('tbody', {}, one.changes.slice().reverse().map((c) => el('tr', {}, el('td', {}, rangeText(c.from_commit, c.commit)), el('td', {}, dateTime(c.time)), el('td', {}, c.kind),
      el('td', { class: 'number from' }, quantity(c.before, one.unit)), el('td', { class: 'number' }, quantity(c.after, one.unit)), el('td', { class: 'number' }, deltaText(one, c.delta)),
      el('td', {}, probability(c.p) + (c.effect !== null ? `, ${Number(c.effect.toPrecision(2))} sd` : '')), el('td', { class: 'dim' }, c.until !== null ? 'until ' + date(c.until) : c.recovered ? 'came back' : '')))))));
}

function marksTable(marks) {
  if (marks.length === 0) return null;
  return el('div', { class: 'scroll' }, el('table', { class: 'rows stack' },
    el('thead', {}, el('tr', {}, ['mark', 'what', 'series', 'from', 'why'].map((c) => el('th', { scope: 'col' }, c)))),
    el('tbody', {}, marks.map((m) => el('tr', {}, el('td', { class: 'number' }, String(m.id)), el('td', {}, m.kind),
      el('td', {}, el('code', {}, m.selector || 'all'), m.target ? el('span', {}, ' → ', el('code', {}, m.target)) : null), el('td', {}, m.at === null ? '' : dateTime(m.at)), el('td', { class: 'grow' }, m.note))))));
}

function factsOf(one) {
  const row = one.row;
  if (!row) return el('p', { class: 'facts' }, badge('none'));
  const limit = [['low_limit', '≥'], ['high_limit', '≤']].filter(([name]) => row[name] !== null).map(([name, sign]) => sign + ' ' + quantity(row[name], one.unit)).join(', ');
  const fact = (name, value) => (value === null || value === '' ? null : el('div', {}, el('dt', {}, name), el('dd', {}, value)));
  /* What is still worse has a new level by now: what counts is the one before. */
  const open = isOpen(row), delta = movedBy(row);
  return el('dl', { class: 'numbers' },
    fact('newest', quantity(row.value, one.unit)), open ? fact('before', quantity(row.before, one.unit)) : null,
    fact('difference', delta === null ? null : deltaText(one, delta, stateOf(row))),
    fact(open ? 'new baseline' : 'baseline', row.base === null ? null : quantity(row.base, one.unit)), fact('limit', limit || null),
    fact('judged by', row.n ? plural(row.n, 'earlier run') : null), fact('chance', probability(row.p) || null),
    fact('verdict', badge(stateOf(row))),
    open ? fact('since', rangeText(row.good_commit, row.bad_commit)) : null);
}

let keysOfView = {}; /* what keys do on the page that is shown */

const LOG_SPAN = 30; /* largest to smallest value of a linear axis */

async function seriesPage(main, state, one) {
  const list = shownList && shownList.includes(one) ? shownList : series;
  const at = list.indexOf(one), to = (step) => { const next = list[at + step]; if (next) location.hash = address({ ...Object.fromEntries([...state].filter(([k]) => ['x', 'log', 'ratio', 'theme'].includes(k))), series: pathOf(next) }); };
  const byTime = state.get('x') === 'time', asked = state.get('log'), ratio = state.get('ratio') === '1';
  const [lead, last] = splitName(one.benchmark);
  const chart = el('div', { class: 'large' }), tip = el('div', { class: 'tip', role: 'status', 'aria-live': 'polite', hidden: true }), rest = el('div', {});
  const logButton = el('button', { type: 'button', 'aria-pressed': String(asked === '1'), title: 'logarithmic axis (l)' }, 'Log');
  const button = (text, step, help) => el('button', { type: 'button', disabled: !list[at + step], title: help, onclick: () => to(step) }, text);
  main.append(
    el('nav', { class: 'crumbs', 'aria-label': 'Series' }, el('span', {}, [one.stream.project, one.stream.branch, one.stream.testbed].join(' › ')), el('span', { class: 'step' }, button('←', -1, 'previous (k)'), `${(at + 1).toLocaleString('en')} of ${list.length.toLocaleString('en')}`, button('→', 1, 'next (j)'))),
    el('h1', { class: 'series-name' }, lead ? el('span', { class: 'lead' }, lead) : null, last, el('span', { class: 'measure' }, one.measure, one.better && one.better !== '-' ? `, ${one.better} is better` : '')),
    factsOf(one),
    el('div', { class: 'tools' },
      el('div', { class: 'segmented', role: 'group', 'aria-label': 'Axis' },
        el('button', { type: 'button', 'aria-pressed': String(!byTime), onclick: () => change({ x: null, from: null, to: null }) }, 'Commits'),
        el('button', { type: 'button', 'aria-pressed': String(byTime), onclick: () => change({ x: 'time', from: null, to: null }) }, 'Time')),
      logButton, toggle('Ratio', 'ratio', state, '1', null, 'as share of the baseline (r)'), toggle('Table', 'table', state, '1', null, 'all points (t)'),
      state.has('from') ? el('button', { type: 'button', onclick: () => change({ from: null, to: null }) }, 'Show all') : null,
      branchChoice(one, state)),
    el('div', { class: 'chart-box' }, chart, tip),
    legend(one), rest);
  const shown = [one, ...overlays(one, state)];
  const table = await chartTable(shown, byTime), track = table.tracks.find((t) => t.one === one);
  if (!main.isConnected) return;
  const positive = track.points.value.every((v) => Number.isNaN(v) || v > 0);
  /* Where nobody asks, as in the terminal: else one wild point leaves a straight line of all others. */
  const [least, most] = track.points.value.reduce(([low, high], v) => (Number.isNaN(v) ? [low, high] : [Math.min(low, v), Math.max(high, v)]), [Infinity, -Infinity]);
  const wide = positive && most > least * LOG_SPAN, log = asked === null ? wide : asked === '1';
  const swapLog = () => change({ log: log === wide ? String(Number(!wide)) : null });
  logButton.setAttribute('aria-pressed', String(log));
  logButton.addEventListener('click', swapLog);
  const newest = one.row && one.row.base ? one.row.base : Array.from(track.points.value).filter((v) => !Number.isNaN(v)).sort((a, b) => a - b)[track.points.count >> 1];
  let plot = null, picked = null;
  const showTip = (t, i, left) => {
    tip.replaceChildren(...tipText(t, i, table.runs));
    tip.hidden = false;
    const width = tip.offsetWidth, room = chart.clientWidth, x = left + 90;
    tip.style.top = plot.cursor.top > plot.over.clientHeight * 0.42 ? '20px' : Math.round(plot.over.clientHeight * 0.58) + 'px';
    tip.style.left = Math.max(4, Math.min(room - width - 4, x + 16 + width > room ? x - width - 28 : x + 16)) + 'px';
  };
  const options = {
    byTime, log: log && positive, ratio: ratio && newest ? Math.abs(newest) : 0,
    onPoint: (t, i) => { picked = t === track ? i : picked; showTip(t, i, plot.cursor.left); },
    onZoom: (from, to) => { if (zoomed) remember(from, to); },
  };
  let zoomed = false;
  const remember = (from, to) => {
    const whole = from <= table.xs[0] && to >= table.xs[table.xs.length - 1], now = read();
    if (whole) { now.delete('from'); now.delete('to'); } else { now.set('from', Number(from.toPrecision(12))); now.set('to', Number(to.toPrecision(12))); }
    history.replaceState(null, '', address(now));
  };
  const draw = () => {
    zoomed = false;
    if (plot) plot.destroy();
    chart.replaceChildren();
    plot = drawLarge(chart, table, one, options);
    if (state.has('from')) plot.setScale('x', { min: Number(state.get('from')), max: Number(state.get('to')) });
    zoomed = true;
    plot.over.addEventListener('mouseleave', () => { tip.hidden = true; });
    plot.over.addEventListener('click', () => { const link = picked === null ? null : commitLink(table.runs.commit[table.runs.place.get(track.points.run[picked])]); if (link) window.open(link, '_blank', 'noopener'); });
  };
  draw();
  onView('resize', draw);
  redraw = draw;
  const step = (by) => {
    picked = picked === null ? track.points.count - 1 : Math.max(0, Math.min(track.points.count - 1, picked + by));
    const row = table.xs.indexOf(track.at[picked]), left = plot.valToPos(table.xs[row], 'x'), y = track.points.value[picked];
    plot.setCursor({ left, top: Number.isNaN(y) ? 0 : plot.valToPos(y / (options.ratio || 1), 'y') });
  };
  keysOfView = {
    ArrowLeft: (e) => step(e.shiftKey ? -10 : -1), ArrowRight: (e) => step(e.shiftKey ? 10 : 1), j: () => to(1), k: () => to(-1),
    x: () => change({ x: byTime ? null : 'time', from: null, to: null }), l: swapLog, r: () => change({ ratio: ratio ? null : '1' }),
    t: () => change({ table: state.get('table') ? null : '1' }), z: () => change({ from: null, to: null }),
  };
  const command = `pace query '${pathOf(one).replaceAll("'", "'\\''")} | check | last 64'`;
  if (log && !positive) rest.append(el('p', { class: 'note' }, 'A log scale needs values above zero.'));
  rest.append(...[changesTable(one), marksOf(one).length ? el('section', {}, el('h2', {}, 'Accepted'), marksTable(marksOf(one))) : null,
    state.get('table') ? el('section', {}, el('h2', {}, 'Points', el('span', { class: 'count' }, track.points.count.toLocaleString('en'))), pointsTable(track, table.runs)) : null,
    el('p', { class: 'command' }, 'In a terminal: ', el('code', {}, command))].filter(Boolean));
}

function legend(one) {
  const key = (kind, text) => el('span', { class: 'key' }, el('i', { class: kind }), text);
  return el('p', { class: 'legend' }, key('line', 'value'), key('base', 'baseline'), key('limit', 'limit'), key('dot worse', 'alert'), key('dot suspected', 'suspected'), key('dot better', 'better'),
    key('bar', 'change point'), data.marks.some((m) => m.kind === 'exclude') ? key('dot dim', 'excluded') : null, marksOf(one).length ? key('bar mark', 'accepted') : null);
}

function marksPage(main) {
  main.append(el('h1', {}, 'Marks'), el('p', { class: 'dim' }, 'What people said about history: accepted changes, excluded runs, old names, archived branches.'),
    marksTable(data.marks) || el('p', { class: 'note' }, 'There are none. For example: pace accept PATTERN -m WHY, or pace mark exclude run:118 -m WHY'));
}

/* -- showing -------------------------------------------------------------------------------------- */

let listeners = []; /* of the page that is shown */
let redraw = null;  /* draws the large chart again */

function onView(type, listener) {
  window.addEventListener(type, listener, { passive: true });
  listeners.push([type, listener]);
}

const THEMES = ['auto', 'light', 'dark'];
function theme() { return document.documentElement.dataset.theme || 'auto'; }
function setTheme(name) {
  if (name === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  $('theme').textContent = { auto: '◐', light: '☀', dark: '☾' }[name];
  $('theme').title = `Colours: ${name === 'auto' ? 'as the system has them' : name}`;
  $('theme').setAttribute('aria-label', $('theme').title);
}

let shownPage = '';

function show() {
  const state = read(), page = state.has('series') ? 'one' : state.get('view') || 'overview';
  for (const [type, listener] of listeners) window.removeEventListener(type, listener);
  listeners = [];
  keysOfView = {};
  redraw = null;
  setTheme(THEMES.includes(state.get('theme')) ? state.get('theme') : theme());
  const old = $('main'), main = old.cloneNode(false), place = page + state.get('series');
  main.className = page;
  const one = page === 'one' ? byPath.get(state.get('series')) : null;
  document.title = one ? `${one.benchmark} · ${one.measure}` : `${title} · benchmarks`;
  old.replaceWith(main);
  if (page === 'one' && !one) main.append(el('h1', {}, 'No such series'), el('p', { class: 'note' }, el('code', {}, state.get('series')), ' is not in this report. ', el('a', { href: '#view=series' }, 'All series')));
  else if (one) seriesPage(main, state, one).catch((error) => main.append(el('p', { class: 'note' }, 'This series cannot be shown: ' + error.message)));
  else if (page === 'series') { shownList = chosen(state); gridPage(main, state); }
  else if (page === 'marks') marksPage(main);
  else { shownList = null; overview(main); }
  for (const link of document.querySelectorAll('nav [data-page]')) {
    if (link.dataset.page === page) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  }
  if (document.activeElement !== $('search')) $('search').value = page === 'series' ? state.get('q') || '' : '';
  if (place !== shownPage) { window.scrollTo(0, 0); if (shownPage) main.focus({ preventScroll: true }); }
  shownPage = place;
}

/* j and k through links of a list. */
function stepLink(by) {
  const links = [...document.querySelectorAll('main table a[href^="#series"], main a.card')];
  const at = links.indexOf(document.activeElement), next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
  if (next) { next.focus(); next.scrollIntoView({ block: 'nearest' }); }
}

document.addEventListener('keydown', (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === 'Escape' && event.target === $('search')) { $('search').blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || typing || $('help').open) return;
  const general = {
    '/': () => $('search').focus(), '?': () => $('help').showModal(), o: () => { location.hash = ''; }, s: () => { location.hash = 'view=series'; },
    j: () => stepLink(1), k: () => stepLink(-1), t: () => { if (shownPage.startsWith('series')) change({ table: read().get('table') ? null : '1' }); },
    Escape: () => { if (read().toString()) history.back(); },
  };
  const action = keysOfView[event.key] || general[event.key];
  if (!action) return;
  event.preventDefault();
  action(event);
});

let typed = 0;
$('search').addEventListener('input', () => {
  clearTimeout(typed);
  typed = setTimeout(() => {
    const q = $('search').value, now = read();
    if (now.get('view') === 'series' && !now.has('series')) change({ q: q || null });
    else location.hash = address({ view: 'series', q });
  }, 120);
});
$('search').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' && event.key !== 'ArrowDown') return;
  const first = document.querySelector('main a.card, main table.rows a');
  if (first && event.key === 'Enter') location.hash = first.getAttribute('href');
  else if (first) { event.preventDefault(); first.focus(); }
});
$('search').placeholder = `Search ${plural(series.length, 'series')}`;
$('keys').addEventListener('click', () => $('help').showModal());
$('theme').addEventListener('click', () => {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length], now = read();
  setTheme(next);
  if (next === 'auto') now.delete('theme'); else now.set('theme', next);
  history.replaceState(null, '', address(now));
  show();
});
$('home').textContent = title;
window.addEventListener('hashchange', show);
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
show();
