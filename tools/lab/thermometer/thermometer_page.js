'use strict';
// The page puts `vocabulary` and `tokens` before this; a token is [text, id, surprise, entropy, rank, beta].
const box = document.getElementById('text'), facts = document.getElementById('facts');
const place = b => b === null ? 0 : !isFinite(b) ? -Math.sign(b) : -b / (1 + Math.abs(b));
const real = b => b === 'inf' ? Infinity : b === '-inf' ? -Infinity : b;
const colours = {
  surprise: t => `rgba(214,90,30,${Math.min(1, t[2] / 8) * .8})`,
  entropy: t => `rgba(30,140,90,${Math.min(1, t[3] / Math.log(vocabulary)) * .9})`,
  rank: t => `rgba(140,80,200,${Math.min(1, Math.log(t[4]) / Math.log(vocabulary)) * .9})`,
  temperature: t => {
    const at = place(real(t[5])), far = Math.min(1, Math.abs(at + .5) * 1.2) * .75;
    return at > 0 ? `rgba(150,60,190,${.35 + .6 * at})` : at < -.5 ? `rgba(40,120,220,${far})` : `rgba(220,60,40,${far})`;
  }
};
const warmth = b => b === null ? 'undetermined' : b === Infinity ? '0\u207a' : b === -Infinity ? '0\u207b' : b === 0 ? '\u221e' : (1 / b).toPrecision(4);
const spans = tokens.map((t, i) => {
  const span = document.createElement('span');
  span.textContent = t[0];
  span.tabIndex = i ? -1 : 0;
  span.addEventListener('click', () => show(i));
  box.append(span);
  return span;
});
let shown = 0;
function show(i) {
  spans[shown].removeAttribute('aria-current');
  spans[shown].tabIndex = -1;
  shown = Math.max(0, Math.min(tokens.length - 1, i));
  const t = tokens[shown];
  spans[shown].setAttribute('aria-current', 'true');
  spans[shown].tabIndex = 0;
  spans[shown].focus();
  facts.textContent = `token ${shown + 1} of ${tokens.length}: ${JSON.stringify(t[0])} (id ${t[1]})  surprise ${t[2]} nats, p ${Math.exp(-t[2]).toPrecision(3)}, rank ${t[4]}, entropy ${t[3]} nats, own temperature ${warmth(real(t[5]))}`;
}
function paint(how) {
  spans.forEach((span, i) => { span.style.background = colours[how](tokens[i]); });
}
for (const input of document.querySelectorAll('input[name=how]'))
  input.addEventListener('change', () => paint(input.value));
box.addEventListener('keydown', event => {
  const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: 20, ArrowUp: -20, Home: -tokens.length, End: tokens.length}[event.key];
  if (!step) return;
  event.preventDefault();
  show(shown + step);
});
paint('temperature');
