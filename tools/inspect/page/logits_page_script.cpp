#include "tools/inspect/page/logits_page_script.h"

namespace kelvin {
namespace {

// What PageStates::moments does, and how words become numbers.
constexpr const char* arithmetic = R"js('use strict';
const data = JSON.parse(document.getElementById('data').textContent);
function viewOf(text) {
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; ++i) bytes[i] = raw.charCodeAt(i);
  return new DataView(bytes.buffer);
}
const words = viewOf(data.tokens);
const tokens = [];
for (let at = 0; at + 28 <= words.byteLength; at += 28) {
  const id = words.getUint32(at, true);
  tokens.push({id: id === 0xFFFFFFFF ? -1 : id, logP: words.getFloat32(at + 4, true), entropy: words.getFloat32(at + 8, true),
    rank: words.getUint32(at + 12, true), fromEnd: words.getUint32(at + 16, true), beta: words.getFloat32(at + 20, true),
    decided: words.getUint32(at + 24, true)});
}
function readStep(step) {
  if (step.d) return step;
  const states = viewOf(step.states), n = states.byteLength / 8;
  step.d = new Float64Array(n);
  step.w = new Float64Array(n);
  for (let i = 0; i < n; ++i) {
    step.d[i] = states.getFloat32(4 * i, true);
    step.w[i] = states.getFloat32(4 * (n + i), true);
  }
  const listed = viewOf(step.listed);
  step.list = [];
  for (let at = 0; at < listed.byteLength; at += 20)
    step.list.push({id: listed.getUint32(at, true), logit: listed.getFloat32(at + 4, true), logP: listed.getFloat32(at + 8, true),
      rank: listed.getUint32(at + 12, true), chainRank: listed.getUint32(at + 16, true)});
  return step;
}
// From the end that dominates at beta: ln sum exp(beta (z - extreme)), <z> - extreme, variance.
function moments(step, beta) {
  const down = beta < 0, ties = step.ties[down ? 0 : 1], extreme = down ? step.bottom : step.top;
  if (Math.abs(beta) === Infinity || step.bottom === step.top) return {beta, extreme, shifted: Math.log(ties), mean: 0, variance: 0};
  const range = step.top - step.bottom, low = step.low, n = step.d.length;
  const distance = i => down ? (i < low ? step.d[i] : range - step.d[i]) : (i < low ? step.d[i] - range : -step.d[i]);
  const far = down ? range : -range, farWeight = step.ties[down ? 1 : 0] * Math.exp(beta * far);
  let sum = farWeight, first = farWeight * far;
  for (let i = 0; i < n; ++i) {
    const w = step.w[i] * Math.exp(beta * distance(i));
    sum += w;
    first += w * distance(i);
  }
  const mean = first / (ties + sum);
  let second = ties * mean * mean + farWeight * (far - mean) * (far - mean);
  for (let i = 0; i < n; ++i) {
    const d = distance(i) - mean;
    second += step.w[i] * Math.exp(beta * distance(i)) * d * d;
  }
  return {beta, extreme, shifted: Math.log(ties) + Math.log1p(sum / ties), mean, variance: second / (ties + sum)};
}
function thermo(step, beta) {
  const m = moments(step, beta), frozen = Math.abs(beta) === Infinity;
  return Object.assign(m, {
    logZ: frozen ? (m.extreme === 0 ? m.shifted : beta * m.extreme) : beta === 0 ? m.shifted : beta * m.extreme + m.shifted,
    S: frozen || beta === 0 ? m.shifted : m.shifted - beta * m.mean,
    E: -(m.extreme + m.mean),
    F: beta === 0 ? NaN : frozen ? -m.extreme : -(m.extreme + m.shifted / beta),
    C: frozen ? 0 : beta * m.variance * beta});
}
function probability(m, logit) {
  if (logit === -Infinity) return 0;
  if (logit === m.extreme || m.beta === 0) return Math.exp(-m.shifted);
  return Math.abs(m.beta) === Infinity ? 0 : Math.exp(m.beta * (logit - m.extreme) - m.shifted);
}
// The slider's place u in [-1, 1] and beta: T = 1 at 1/2, infinity at 0, 0+ and 0- at the ends.
const betaOf = u => Math.abs(u) >= 1 ? Math.sign(u) * Infinity : u / (1 - Math.abs(u));
const placeOf = beta => Math.abs(beta) === Infinity ? Math.sign(beta) : beta / (1 + Math.abs(beta));
)js";

constexpr const char* view = R"js(
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
const showT = t => Object.is(t, -0) ? '0\u2212' : t === 0 ? '0+' : Math.abs(t) === Infinity ? '\u221e' : show(t);
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
)js";

}  // namespace

std::string logits_page_view_of_step();

std::string logits_page_script() { return std::string(arithmetic) + view + logits_page_view_of_step(); }

}  // namespace kelvin
