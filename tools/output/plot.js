'use strict';
// Plots: the values under the pointer, under a finger, or where the arrow keys stand, of all curves at once.
for (const plot of document.querySelectorAll('svg.plot')) {
  const places = [...plot.querySelectorAll('.dot')].filter(dot => dot.querySelector('title')).map(dot => {
    const title = dot.querySelector('title'), number = name => Number(dot.getAttribute(name));
    const text = title.textContent;
    // Else the browser would show it once more.
    title.remove();
    return {dot, text, x: number(dot.dataset.x ? 'data-x' : 'cx'), y: number(dot.dataset.x ? 'data-y' : 'cy')};
  });
  if (!places.length) continue;
  const scattered = !plot.querySelector('.curve');
  places.sort((a, b) => a.x - b.x);
  const box = document.createElement('div');
  box.className = 'under-pointer';
  box.setAttribute('role', 'status');
  box.hidden = true;
  document.body.append(box);
  let lit = [], at = -1;
  const hide = () => {
    lit.forEach(place => place.dot.classList.remove('lit'));
    lit = [];
    box.hidden = true;
  };
  const show = nearest => {
    hide();
    lit = scattered ? [nearest] : places.filter(place => Math.abs(place.x - nearest.x) < .3);
    lit.forEach(place => place.dot.classList.add('lit'));
    box.replaceChildren(...lit.map(place => {
      const line = document.createElement('div');
      line.textContent = place.text;
      return line;
    }));
    box.hidden = false;
    const dot = nearest.dot.getBoundingClientRect(), size = box.getBoundingClientRect(), edge = document.documentElement.clientWidth;
    box.style.left = Math.max(4, Math.min(edge - size.width - 4, dot.left + 14)) + 'px';
    box.style.top = (dot.top > size.height + 12 ? dot.top - size.height - 8 : dot.bottom + 12) + 'px';
  };
  const find = event => {
    const frame = plot.getBoundingClientRect(), scale = plot.viewBox.baseVal.width / frame.width;
    const x = (event.clientX - frame.left) * scale, y = (event.clientY - frame.top) * scale;
    const far = place => scattered ? Math.hypot(place.x - x, place.y - y) : Math.abs(place.x - x) + Math.abs(place.y - y) / 1e6;
    const nearest = places.reduce((a, b) => far(b) < far(a) ? b : a);
    if (far(nearest) > 25) return hide();
    at = places.indexOf(nearest);
    show(nearest);
  };
  plot.addEventListener('pointermove', find);
  plot.addEventListener('pointerdown', find);
  plot.addEventListener('pointerleave', hide);
  plot.addEventListener('blur', hide);
  plot.tabIndex = 0;
  plot.addEventListener('keydown', event => {
    const by = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (event.key === 'Escape') hide();
    if (!by) return;
    event.preventDefault();
    // To the next place that is not lit already.
    do at += by; while (places[at] && lit.includes(places[at]));
    at = Math.max(0, Math.min(places.length - 1, at));
    show(places[at]);
  });
}
