// Second of three: the text, token by token, and its colours.
const $ = id => document.getElementById(id);
function make(tag, kind, text) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
}
const textOf = id => id < 0 ? '' : data.text[id] || '(no token)';
const special = id => /^<\|.*\|>$|^<\/?[a-z_]+>$/.test(textOf(id));
function show(x, digits = 4) {
  if (Number.isNaN(x) || x === null) return '\u2013';
  if (x === Infinity) return '\u221e';
  if (x === -Infinity) return '-\u221e';
  if (x === 0) return '0';
  const size = Math.abs(x);
  return size >= 1e6 || size < 1e-3 ? x.toExponential(2) : String(Number(x.toPrecision(digits)));
}
const temperatureOf = beta => beta === 0 ? Infinity : beta === -Infinity ? -0 : 1 / beta;
const showT = t => Object.is(t, -0) ? '0\u207b' : t === 0 ? '0\u207a' : Math.abs(t) === Infinity ? '\u221e' : show(t);
function put(id, entries) {
  $(id).replaceChildren(...entries.map(([name, value, key]) => {
    const box = make('div');
    const reading = make('dd', '', typeof value === 'number' ? show(value, 6) : value);
    if (key) { reading.id = key; reading.dataset.value = String(value); }
    box.append(make('dt', '', name), reading);
    return box;
  }));
}

const blue = a => `rgba(40,120,220,${a.toFixed(3)})`, red = a => `rgba(220,70,40,${a.toFixed(3)})`, violet = a => `rgba(150,70,210,${a.toFixed(3)})`;
const hues = ['rgba(120,130,140,.12)', 'rgba(220,70,40,.4)', 'rgba(30,150,90,.4)', 'rgba(200,140,0,.4)', 'rgba(40,120,220,.4)', 'rgba(150,70,210,.4)', 'rgba(0,150,170,.4)'];
const clamp = x => Math.min(1, Math.max(0, x));
const logV = Math.log(Math.max(2, data.vocabulary));
const modes = {
  probability: {colour: t => red(.75 * clamp(t.logP / -9.2)), legend: 'red: unlikely under the model at T = 1; the deepest red is 1 in 10,000 or less'},
  entropy: {colour: t => blue(.75 * clamp(t.entropy / logV)), legend: 'blue: the model was undecided before this token (entropy, of at most ' + logV.toFixed(2) + ' nats)'},
  surprise: {colour: t => violet(.75 * clamp(t.logP / -15)), legend: 'violet: surprise -ln p in nats, up to 15'},
  rank: {colour: t => red(t.rank ? .75 * Math.log(t.rank) / logV : .75), legend: 'red: far from the model\u2019s first choice (logarithm of the rank)'},
  temperature: {colour: t => { const u = placeOf(t.beta); return Number.isNaN(u) ? '' : u < 0 ? violet(.25 - .5 * u) : u < .5 ? red(.7 * (1 - 2 * u)) : blue(.9 * (u - .5)); },
    legend: 'the token\u2019s own temperature, at which the mean logit is its logit: blue cold (T below 1), red hot (above 1), violet negative'},
  stage: {colour: t => hues[t.decided % hues.length], legend: ''},
};
const modeNames = {probability: 'probability', entropy: 'entropy', surprise: 'surprise', rank: 'rank', temperature: 'fitted temperature', stage: 'stage that decided'};
let mode = 'probability', selected = -1, beta = 1, step = null, curves = new Set();

const spans = [];
function buildText() {
  const box = $('text');
  const add = (id, index, kind) => {
    const text = textOf(id), span = make('span', 'token ' + kind, text);
    span.setAttribute('role', 'option');
    span.dataset.index = index;
    span.id = 'token-' + index;
    if (special(id)) span.classList.add('special');
    spans[index] = span;
    box.append(span);
    const breaks = (text.match(/\\n/g) || []).length;
    if (breaks) box.append('\n'.repeat(breaks));
  };
  if (data.first >= 0) add(data.first, 0, 'given');
  tokens.forEach((t, i) => { if (t.id >= 0) add(t.id, i + 1, i + 1 < data.prompt ? 'given' : 'drawn'); });
  const last = tokens.length;
  if (last && tokens[last - 1].id < 0) {
    add(-1, last, 'next');
    spans[last].textContent = 'next \u25b8';
  }
  const missing = data.steps.filter(s => !s).length;
  if (missing) $('left-out').textContent = `Only ${data.steps.length - missing} of ${data.steps.length} steps have their details in this file; kelvin-logits --html-from N chooses where they begin.`;
}
function paint() {
  tokens.forEach((t, i) => {
    if (t.id >= 0) spans[i + 1].style.background = modes[mode].colour(t);
    else if (mode === 'stage') spans[i + 1].style.background = modes.stage.colour(t);
  });
  const legend = $('legend');
  legend.textContent = modes[mode].legend;
  if (mode === 'stage') {
    legend.textContent = 'what decided the draw with this seed: ';
    data.deciders.forEach((name, i) => {
      const chip = make('span', '', ' ' + name + ' ');
      chip.style.background = hues[i % hues.length];
      legend.append(chip, ' ');
    });
  }
}
function buildModes() {
  for (const name of Object.keys(modes)) {
    const label = make('label'), radio = make('input');
    radio.type = 'radio';
    radio.name = 'mode';
    radio.value = name;
    radio.checked = name === mode;
    radio.addEventListener('change', () => { mode = name; paint(); remember(); });
    label.append(radio, ' ' + modeNames[name]);
    $('modes').append(label);
  }
}
