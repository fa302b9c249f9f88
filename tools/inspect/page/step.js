// Third of three: the step of the token that is selected.
function tickBox(id) {
  const cell = make('td'), box = make('input');
  box.type = 'checkbox';
  box.checked = curves.has(id);
  box.setAttribute('aria-label', 'draw the curve of ' + textOf(id));
  box.dataset.id = id;
  box.addEventListener('change', () => {
    if (box.checked) curves.add(id); else curves.delete(id);
    document.querySelectorAll(`.list input[data-id="${id}"]`).forEach(other => { other.checked = box.checked; });
    drawCurves();
  });
  cell.append(box);
  return cell;
}
function piece(id) {
  const cell = make('td', 'piece', textOf(id));
  cell.title = 'id ' + id;
  return cell;
}
function fillList(bodyId, entries, rankOf, cells, total) {
  const rows = [], observed = tokens[selected - 1].id;
  let last = 0;
  for (const entry of entries) {
    const rank = rankOf(entry);
    if (rank > last + 1) {
      const gap = make('tr', 'gap'), cell = make('td', '', `${rank - last - 1} tokens between`);
      cell.colSpan = 6;
      gap.append(cell);
      rows.push(gap);
    }
    last = rank;
    const row = make('tr', entry.id === observed ? 'observed' : entry.chainRank ? '' : 'removed');
    row.dataset.id = entry.id;
    row.entry = entry;
    row.append(tickBox(entry.id), make('td', 'number', rank ? String(rank) : '\u2013'), piece(entry.id));
    for (const value of cells(entry)) row.append(make('td', 'number', value));
    rows.push(row);
  }
  if (total > last) {
    const gap = make('tr', 'gap'), cell = make('td', '', `${total - last} tokens more`);
    cell.colSpan = 6;
    gap.append(cell);
    rows.push(gap);
  }
  $(bodyId).replaceChildren(...rows);
}
function fillStages() {
  const rows = step.stages.map((s, i) => {
    const row = make('tr');
    const [name, removed, mass, top, topP, rescued] = i ? s : ['(raw)', 0, 0, -1, 0, false];
    const [possible, entropy, best, bestP] = i ? s.slice(6) : s;
    const what = rescued ? 'all but the best, put back' : removed ? `${removed} of mass ${show(mass)}, likeliest \u201c${textOf(top)}\u201d (p ${show(topP)})` : i ? 'none' : '';
    row.append(make('td', '', name), make('td', 'number', String(possible)), make('td', '', what), make('td', 'number', show(entropy)),
      make('td', '', `\u201c${textOf(best)}\u201d (p ${show(bestP)})`));
    return row;
  });
  if (!rows.length) {
    const row = make('tr');
    row.append(make('td', '', 'The chain has no stage: the draw is from the model\u2019s own distribution.'));
    rows.push(row);
  }
  $('stages').replaceChildren(...rows);
}
function fillLuck() {
  const head = make('tr'), row = make('tr');
  for (const [t, id] of step.luck) {
    head.append(make('th', '', 'T ' + (t === '0' ? '0\u207a' : t === '-0' ? '0\u207b' : t === 'inf' ? '\u221e' : t)));
    row.append(piece(id));
  }
  $('luck').replaceChildren(head, row);
}
function fillLens() {
  $('lens-part').hidden = !step.lens.length;
  $('lens').replaceChildren(...step.lens.map(s => {
    const row = make('tr'), best = [];
    for (let i = 5; i < s.length; i += 2) best.push(`\u201c${textOf(s[i])}\u201d ${show(s[i + 1], 3)}`);
    row.append(make('td', 'number', s[0] ? String(s[0]) : 'embedding'), make('td', 'number', show(s[2])), make('td', 'number', show(s[1])),
      make('td', 'number', show(s[3])), make('td', 'number', s[4] === null ? '\u2013' : String(s[4])), make('td', '', best.join('  ')));
    return row;
  }));
}

function update() {
  const m = thermo(step, beta), observed = step.list.find(e => e.id === tokens[selected - 1].id);
  const readings = [['S / nats', m.S, 'out-S'], ['E = -\u27e8z\u27e9', m.E, 'out-E'], m.beta === 0 ? ['\u03b2F = -ln Z', -m.logZ, 'out-F'] : ['F = -T ln Z', m.F, 'out-F'],
    ['C = dE/dT', m.C, 'out-C'], ['ln Z', m.logZ, 'out-logZ']];
  if (observed) readings.unshift(['p of the token', probability(m, observed.logit), 'out-p']);
  put('readings', readings);
  $('beta-slider').value = Math.round(1000 * placeOf(beta));
  $('beta-slider').setAttribute('aria-valuetext', 'beta ' + show(beta) + ', T ' + showT(temperatureOf(beta)));
  if (document.activeElement !== $('beta-box')) $('beta-box').value = show(beta, 6);
  if (document.activeElement !== $('temperature-box')) $('temperature-box').value = showT(temperatureOf(beta));
  for (const row of $('raw').rows)
    if (row.entry) {
      const p = probability(m, row.entry.logit), cell = row.cells[5];
      cell.textContent = show(p);
      cell.dataset.value = String(p);
    }
  placeMarker();
  remember();
}

const frame = {left: 56, right: 12, top: 14, bottom: 40, width: 480, height: 290};
const along = u => frame.left + (u + 1) / 2 * (frame.width - frame.left - frame.right);
function svg(tag, attributes, text) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  if (text !== undefined) element.textContent = text;
  return element;
}
const drawn = () => [...curves].map(id => step.list.find(e => e.id === id)).filter(Boolean);
function drawCurves() {
  const logarithmic = $('logarithmic').checked, lowest = 1e-12, entries = drawn();
  // Names stand above the field, two in a row.
  frame.top = 14 + 17 * Math.ceil(entries.length / 2);
  frame.height = frame.top + 246;
  $('curves').setAttribute('viewBox', `0 0 ${frame.width} ${frame.height}`);
  const y = p => frame.top + (frame.height - frame.top - frame.bottom) * (logarithmic ? Math.log(Math.max(p, lowest)) / Math.log(lowest) : 1 - p);
  const parts = [];
  const marks = [[-1, '0\u207b'], [-2 / 3, '-0.5'], [-.5, '-1'], [-1 / 3, '-2'], [0, '\u221e'], [1 / 3, '2'], [.5, '1'], [2 / 3, '0.5'], [1, '0\u207a']];
  for (const [u, label] of marks)
    parts.push(svg('line', {class: 'grid', x1: along(u), x2: along(u), y1: frame.top, y2: frame.height - frame.bottom}),
      svg('text', {class: 'tick-x', x: along(u), y: frame.height - frame.bottom + 16}, label));
  for (const p of logarithmic ? [1, 1e-3, 1e-6, 1e-9, 1e-12] : [0, .25, .5, .75, 1])
    parts.push(svg('line', {class: 'grid', x1: frame.left, x2: frame.width - frame.right, y1: y(p), y2: y(p)}),
      svg('text', {class: 'tick-y', x: frame.left - 6, y: y(p) + 4}, logarithmic && p < 1 ? p.toExponential(0) : String(p)));
  parts.push(svg('text', {class: 'label', x: along(0), y: frame.height - 6}, 'T, from the least likely (left) to the most likely (right)'));
  if (!step.grid) {
    step.grid = [];
    for (let i = -200; i <= 200; ++i) step.grid.push([i / 200, moments(step, betaOf(i / 200))]);
  }
  entries.forEach((entry, index) => {
    const kind = `curve colour-${index % 6} dash-${index % 6}`;
    const points = step.grid.map(([u, m]) => along(u).toFixed(1) + ' ' + y(probability(m, entry.logit)).toFixed(1));
    const left = 8 + (index % 2) * frame.width / 2, line = 12 + 17 * Math.floor(index / 2), name = Array.from(textOf(entry.id));
    parts.push(svg('path', {class: kind, d: 'M' + points.join('L')}), svg('path', {class: kind, d: `M${left} ${line}h26`}),
      svg('text', {class: 'name', x: left + 32, y: line + 4}, '\u201c' + (name.length > 22 ? name.slice(0, 21).join('') + '\u2026' : name.join('')) + '\u201d'));
  });
  parts.push(svg('line', {id: 'marker', class: 'marker', y1: frame.top, y2: frame.height - frame.bottom}));
  $('curves').replaceChildren(...parts);
  placeMarker();
}
// The values under the pointer.
function tellCurves(event) {
  const box = $('curves').getBoundingClientRect();
  const u = (2 * ((event.clientX - box.left) * frame.width / box.width - frame.left)) / (frame.width - frame.left - frame.right) - 1;
  if (!step || Math.abs(u) > 1) return;
  const m = moments(step, betaOf(u));
  $('at-pointer').textContent = `T = ${showT(temperatureOf(m.beta))}: ` + drawn().map(e => `\u201c${textOf(e.id)}\u201d ${show(probability(m, e.logit), 3)}`).join(', ');
}
function placeMarker() {
  if (!$('marker')) return;
  $('marker').setAttribute('x1', along(placeOf(beta)));
  $('marker').setAttribute('x2', along(placeOf(beta)));
}

function select(index) {
  if (!spans[index]) return;
  if (spans[selected]) spans[selected].classList.remove('selected');
  selected = index;
  spans[index].classList.add('selected');
  spans.forEach((span, i) => span.setAttribute('aria-selected', String(i === index)));
  $('text').setAttribute('aria-activedescendant', 'token-' + index);
  spans[index].scrollIntoView({block: 'nearest'});
  const token = tokens[index - 1];
  $('title').textContent = index === 0 ? `Token 0: \u201c${textOf(data.first)}\u201d` : token.id < 0 ? `What comes next, after token ${index - 1}`
    : `Token ${index}: \u201c${textOf(token.id)}\u201d` + (index < data.prompt ? ' (given)' : ' (drawn)');
  step = index > 0 ? data.steps[index - 1] : null;
  $('note').textContent = index === 0 ? 'Nothing stands before the first token, so the model says nothing about it.'
    : step ? '' : 'The details of this step did not fit into this file.';
  $('body').hidden = !step;
  if (!step) return remember();
  readStep(step);
  const facts = token.id < 0 ? [] : [['p at T = 1', Math.exp(token.logP)], ['surprise / nats', -token.logP], ['rank', token.rank ? `${token.rank} of ${step.possible}` : 'impossible'],
    ['from the other end', String(token.fromEnd)], ['its own temperature', Number.isNaN(token.beta) ? '\u2013' : showT(temperatureOf(token.beta))]];
  put('facts', [...facts, ['entropy / nats', token.entropy], ['the chain draws', `\u201c${textOf(step.drawn)}\u201d`], ['decided by', data.deciders[token.decided]]]);
  curves = new Set([step.list[0].id, step.list[Math.min(1, step.list.length - 1)].id, step.list.filter(e => e.rank).at(-1).id]);
  if (token.id >= 0) curves.add(token.id);
  const own = thermo(step, 1);
  fillList('raw', step.list, e => e.rank, e => [show(e.logit, 5), show(probability(own, e.logit)), ''], step.possible);
  const processed = step.list.filter(e => e.chainRank).sort((a, b) => a.chainRank - b.chainRank);
  const left = step.stages.length ? step.stages.at(-1)[step.stages.length > 1 ? 6 : 0] : step.possible;
  fillList('processed', processed, e => e.chainRank, e => [show(Math.exp(e.logP)), show(probability(own, e.logit))], left);
  fillStages();
  fillLuck();
  fillLens();
  drawCurves();
  update();
}
function setBeta(value) {
  if (Number.isNaN(value)) return;
  beta = value;
  if (step) update();
}
function parseNumber(text) {
  const plain = text.trim().replace('\u2212', '-').replace('\u221e', 'Infinity').replace(/^([+-]?)inf$/i, '$1Infinity');
  return plain === '' ? NaN : Number(plain);
}
function parseTemperature(text) {
  const plain = text.trim();
  if (/^-0*\.?0*$|^0[-\u2212\u207b]$/.test(plain) && plain !== '-') return -Infinity;
  const t = parseNumber(plain.replace(/^0[+\u207a]$/, '0'));
  return t === 0 ? Infinity : Math.abs(t) === Infinity ? 0 : 1 / t;
}
let remembering = 0;
function remember() {
  // Browsers limit how often the address may change.
  clearTimeout(remembering);
  remembering = setTimeout(() => history.replaceState(null, '', `#token=${selected}&beta=${beta}&colour=${mode}`), 400);
}
function recall() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const b = parseNumber(wanted.get('beta') || '1'), name = wanted.get('colour');
  if (!Number.isNaN(b)) beta = b;
  if (modes[name]) mode = name;
  document.querySelectorAll('#modes input').forEach(radio => { radio.checked = radio.value === mode; });
  paint();
  let index = parseInt(wanted.get('token'), 10);
  if (!spans[index]) index = data.prompt > 1 && spans[data.prompt] ? data.prompt : Math.min(1, spans.length - 1);
  select(index);
}
$('text').addEventListener('click', event => {
  const token = event.target.closest('.token');
  if (token) select(+token.dataset.index);
});
$('text').addEventListener('keydown', event => {
  const to = {ArrowRight: selected + 1, ArrowLeft: selected - 1, ArrowDown: selected + 10, ArrowUp: selected - 10, Home: 0, End: spans.length - 1}[event.key];
  if (to === undefined) return;
  event.preventDefault();
  select(Math.min(spans.length - 1, Math.max(0, to)));
});
$('beta-slider').addEventListener('input', event => setBeta(betaOf(event.target.value / 1000)));
$('beta-box').addEventListener('input', event => setBeta(parseNumber(event.target.value)));
$('temperature-box').addEventListener('input', event => setBeta(parseTemperature(event.target.value)));
$('curves').addEventListener('pointermove', tellCurves);
$('curves').addEventListener('pointerdown', tellCurves);
$('reset').addEventListener('click', () => setBeta(1));
$('logarithmic').addEventListener('change', () => { if (step) drawCurves(); });
addEventListener('hashchange', recall);
buildModes();
buildText();
recall();
