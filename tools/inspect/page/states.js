'use strict';
// First of three scripts that stand in the page as one: what the page holds, as numbers, and what
// PageStates::moments (page_states.h) does with them.
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
