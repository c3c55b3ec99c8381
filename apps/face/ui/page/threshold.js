// The threshold explorer: every drag is answered here, from the measured curves that came with the page.
const WIDTH = 560, HEIGHT = 200, LEFT = 64, BOTTOM = 26;
const el = (selector) => element.querySelector(selector);
const shared = () => document.querySelector('#face-tau input[type=range]');
const percent = (share, n) => {
  if (n && share * n < 0.5) return 'under ' + Number((100 / n).toPrecision(2)) + ' %';
  const value = 100 * share;
  return (value >= 99.95 || value === 0 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : Number(value.toPrecision(2))) + ' %';
};
const at = (xs, ys, x) => {
  if (x <= xs[0]) return ys[0];
  for (let i = 1; i < xs.length; i++) {
    if (x <= xs[i]) return ys[i - 1] + (ys[i] - ys[i - 1]) * (x - xs[i - 1]) / (xs[i] - xs[i - 1]);
  }
  return ys[ys.length - 1];
};
const SMALL = 0.05;  // the chance to take a stranger for somebody that the advice keeps to
// The largest threshold on the grid whose false-accept rate is at most `far`.
const strictest = (data, far) => data.tau[Math.max(data.far.findIndex((value) => value > far) - 1, 0)];
const chance = (far, k) => far >= 1 ? 1 : -Math.expm1(k * Math.log1p(-far));
// Normal deviate of a share, for the DET plot (Acklam-free: bisection on erf is enough for a drawing).
const erf = (x) => {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const y = 1 - (((((1.061405429 * t - 1.453152027) * t) + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
  return x >= 0 ? y : -y;
};
const probit = (p) => {
  let low = -4, high = 4;
  for (let i = 0; i < 40; i++) { const mid = (low + high) / 2; if ((1 + erf(mid / Math.SQRT2)) / 2 < p) low = mid; else high = mid; }
  return low;
};
const svg = (label, body) =>
  `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}" class="cf-plot">${body}</svg>`;
const text = (x, y, words, kind = '', anchor = 'middle') => `<text x="${x}" y="${y}" class="${kind}" text-anchor="${anchor}">${words}</text>`;
const path = (points, kind) => `<path class="${kind}" d="M${points.map(([x, y]) => x.toFixed(1) + ' ' + y.toFixed(1)).join('L')}"/>`;

function histogram(data, tau) {
  const end = Math.max(data.tau[data.tau.length - 1], tau), bins = data.same.length, plot = WIDTH - LEFT, base = HEIGHT - BOTTOM;
  const x = (v) => LEFT + plot * v / end, wide = plot * data.tau[data.tau.length - 1] / end / bins;
  const tallest = Math.max(...data.same, ...data.different), scale = (base - 22) / tallest;
  let body = '';
  for (const [name, wrong] of [['same', (v) => v > tau], ['different', (v) => v <= tau]]) {
    data[name].forEach((share, i) => {
      if (!share) return;
      const middle = (i + 0.5) * data.tau[data.tau.length - 1] / bins;
      body += `<rect class="cf-h-${name === 'same' ? 'same' : 'diff'}${wrong(middle) ? ' cf-wrong' : ''}" x="${(LEFT + i * wide).toFixed(1)}" ` +
        `y="${(base - share * scale).toFixed(1)}" width="${(wide - 0.7).toFixed(1)}" height="${(share * scale).toFixed(1)}"/>`;
    });
  }
  for (let v = 0; v < end; v += end > 1.6 ? 0.4 : 0.2) body += text(x(v), HEIGHT - 10, v.toFixed(1), 'cf-t');
  body += `<path class="cf-axis" d="M${LEFT} ${base}H${WIDTH}"/>`;
  data.pairs.forEach((d) => {
    body += `<g class="cf-needle ${d <= tau ? 'cf-is-same' : 'cf-is-diff'}"><path d="M${x(Math.min(d, end))} ${base}V${base - 30}"/><circle cx="${x(Math.min(d, end))}" cy="${base - 34}" r="5"/></g>`;
  });
  const side = tau > end * 0.8 ? 'end' : 'start';
  return body + `<g class="cf-tau"><path d="M${x(tau)} 4V${base + 5}"/>${text(x(tau) + (side === 'end' ? -6 : 6), 14, 'τ = ' + tau.toFixed(3), '', side)}</g>`;
}

function roc(data, tau) {
  const low = -4, x = (f) => LEFT + (WIDTH - LEFT) * (Math.log10(Math.max(f, 1e-4)) - low) / -low, y = (t) => 12 + (HEIGHT - BOTTOM - 12) * (1 - t);
  const far = at(data.tau, data.far, tau), tar = 1 - at(data.tau, data.frr, tau);
  let body = '';
  for (const f of [1e-4, 1e-3, 1e-2, 1e-1, 1]) body += text(x(f), HEIGHT - 10, f === 1 ? '100 %' : percent(f), 'cf-t', f === 1 ? 'end' : f === 1e-4 ? 'start' : 'middle') + `<path class="cf-grid" d="M${x(f)} 12V${HEIGHT - BOTTOM}"/>`;
  for (const t of [0, 0.5, 1]) body += text(LEFT - 6, y(t) + (t ? 4 : 0), 100 * t + ' %', 'cf-t', 'end') + `<path class="cf-grid" d="M${LEFT} ${y(t)}H${WIDTH}"/>`;
  body += path(data.tau.map((_, i) => [x(data.far[i]), y(1 - data.frr[i])]), 'cf-line');
  return body + `<circle class="cf-here" cx="${x(far)}" cy="${y(tar)}" r="6"/>` + text(WIDTH - 4, HEIGHT - BOTTOM - 8, 'TAR over FAR (logarithmic)', 'cf-t', 'end');
}

function det(data, tau) {
  const edge = 3.2, scale = (p) => Math.min(Math.max((probit(Math.min(Math.max(p, 1e-4), 1 - 1e-4)) + edge) / (2 * edge), 0), 1);
  const x = (p) => LEFT + (WIDTH - LEFT) * scale(p), y = (p) => 12 + (HEIGHT - BOTTOM - 12) * (1 - scale(p));
  let body = '';
  for (const p of [0.001, 0.01, 0.05, 0.2, 0.5, 0.9]) {
    body += text(x(p), HEIGHT - 10, percent(p), 'cf-t') + text(LEFT - 6, y(p) + 4, percent(p), 'cf-t', 'end') +
      `<path class="cf-grid" d="M${x(p)} 12V${HEIGHT - BOTTOM}M${LEFT} ${y(p)}H${WIDTH}"/>`;
  }
  body += path(data.tau.map((_, i) => [x(data.far[i]), y(data.frr[i])]), 'cf-line');
  return body + `<circle class="cf-here" cx="${x(at(data.tau, data.far, tau))}" cy="${y(at(data.tau, data.frr, tau))}" r="6"/>` +
    text(WIDTH - 4, 24, 'FRR over FAR (normal deviates)', 'cf-t', 'end');
}

function growth(data, tau, k) {
  const far = at(data.tau, data.far, tau), x = (n) => LEFT + (WIDTH - LEFT) * Math.log10(n) / 6, y = (p) => 12 + (HEIGHT - BOTTOM - 12) * (1 - p);
  const curve = (f) => Array.from({length: 121}, (_, i) => { const n = 10 ** (i / 20); return [x(n), y(chance(f, n))]; });
  let body = '';
  for (let e = 0; e <= 6; e++) body += text(x(10 ** e), HEIGHT - 10, ['1', '10', '100', '1k', '10k', '100k', '1M'][e], 'cf-t', e === 6 ? 'end' : e ? 'middle' : 'start') + `<path class="cf-grid" d="M${x(10 ** e)} 12V${HEIGHT - BOTTOM}"/>`;
  for (const p of [0, 0.5, 1]) body += text(LEFT - 6, y(p) + 4, 100 * p + ' %', 'cf-t', 'end');
  body += path(curve(0.01), 'cf-line cf-faint') + text(x(30), y(0.36) - 4, 'FAR 1 %', 'cf-t', 'end') + path(curve(far), 'cf-line');
  return body + `<circle class="cf-here" cx="${x(k)}" cy="${y(chance(far, k))}" r="6"/>`;
}

function draw() {
  const box = el('[data-curves]');
  if (!box) return;
  if (box.source !== box.dataset.curves) {  // gradio patches the element in place when its value changes
    box.source = box.dataset.curves;
    box.curves = JSON.parse(box.source);
    el('.cf-tau-input').value = box.curves.chosen;
  }
  const data = box.curves;
  const tau = Number(el('.cf-tau-input').value), k = Math.round(10 ** Number(el('.cf-k-input').value));
  const far = at(data.tau, data.far, tau), frr = at(data.tau, data.frr, tau), n = data.n_different;
  el('.cf-out-tau').textContent = tau.toFixed(3);
  el('.cf-out-far').textContent = percent(far, n);
  el('.cf-out-frr').textContent = percent(frr, n);
  el('.cf-out-acc').textContent = percent(1 - (far + frr) / 2);
  el('.cf-out-k').textContent = k.toLocaleString('en');
  el('.cf-out-chance').textContent = percent(chance(far, k));
  const need = -Math.expm1(Math.log1p(-SMALL) / k), safe = strictest(data, need), use = el('.cf-use');
  el('.cf-out-need').textContent = percent(need);
  use.textContent = `Use τ = ${safe.toFixed(3)}`;
  use.value = safe.toFixed(3);
  el('.cf-out-miss').textContent = percent(at(data.tau, data.frr, safe), n);
  el('.cf-hist').innerHTML = svg(`Histograms of distances, threshold ${tau.toFixed(3)}`, histogram(data, tau));
  const wanted = el('input[name=cf-curve]:checked').value;
  el('.cf-roc').innerHTML = svg(`${wanted.toUpperCase()} curve, false accepts ${percent(far, n)}, false rejects ${percent(frr, n)}`, wanted === 'det' ? det(data, tau) : roc(data, tau));
  el('.cf-growth').innerHTML = svg(`Chance that a stranger is taken for somebody, over the number of people`, growth(data, tau, k));
}

function pull() {  // the tab's own slider moved
  const slider = shared(), mine = el('.cf-tau-input');
  if (slider && mine && slider.value !== mine.value) { mine.value = slider.value; draw(); }
}

element.addEventListener('input', draw);
element.addEventListener('click', (event) => {
  if (!event.target.classList.contains('cf-use')) return;
  el('.cf-tau-input').value = event.target.value;
  draw();
  el('.cf-tau-input').dispatchEvent(new Event('change', {bubbles: true}));
});
element.addEventListener('change', (event) => {  // released: the tab's own slider follows
  const slider = shared();
  if (!event.target.classList.contains('cf-tau-input') || !slider) return;
  slider.value = event.target.value;
  slider.dispatchEvent(new Event('input', {bubbles: true}));
  slider.dispatchEvent(new Event('pointerup', {bubbles: true}));
});
document.addEventListener('input', (event) => { if (event.target === shared()) pull(); });
watch('value', draw);
draw();
