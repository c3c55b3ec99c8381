// The threshold explorer: every drag is answered here, from the measured curves that came with the page.
// tests/e2e/test_face_page.py compares its arithmetic with Python's, number by number.

const WIDTH = 560;
const HEIGHT = 200;
const LEFT = 64;
const TOP = 12;
const FLOOR = HEIGHT - 26; // y of the axis
const DET_EDGE = 3.2; // normal deviates that the DET plot shows, either way
const LOWEST_FAR = -4; // of the ROC's logarithmic axis: 0.01 %
const DECADES = ['1', '10', '100', '1k', '10k', '100k', '1M']; // of K

const find = (selector) => element.querySelector(selector);
const tabSlider = () => document.querySelector('#face-tau input[type=range]');

function percent(share, n) {
  if (n && share * n < 0.5) return `under ${digits(100 / n)} %`;
  return `${digits(100 * share)} %`;
}

function digits(value) {
  if (value >= 99.95 || value === 0) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : String(Number(value.toPrecision(2)));
}

// The value of a curve at x, between its points.
function interpolate(xs, ys, x) {
  if (x <= xs[0]) return ys[0];
  const after = xs.findIndex((value) => x <= value);
  if (after < 0) return ys[ys.length - 1];
  const share = (x - xs[after - 1]) / (xs[after] - xs[after - 1]);
  return ys[after - 1] + (ys[after] - ys[after - 1]) * share;
}

// 1 - (1 - far)^K, exact for the smallest rates too.
function strangerChance(far, people) {
  return far >= 1 ? 1 : -Math.expm1(people * Math.log1p(-far));
}

// The false-accept rate at which a stranger is taken for one of K people with this chance.
function farFor(chance, people) {
  return -Math.expm1(Math.log1p(-chance) / people);
}

// The largest threshold on the grid whose false-accept rate is at most `far`.
function strictest(data, far) {
  const above = data.far.findIndex((value) => value > far);
  return data.tau[above < 0 ? data.tau.length - 1 : Math.max(above - 1, 0)];
}

function svg(label, body) {
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}" class="cf-plot">${body}</svg>`;
}

function text(x, y, words, kind = '', anchor = 'middle') {
  return `<text x="${x}" y="${y}" class="${kind}" text-anchor="${anchor}">${words}</text>`;
}

function line(points, kind) {
  const places = points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return `<path class="${kind}" d="M${places.join('L')}"/>`;
}

function upright(x) {
  return `<path class="cf-grid" d="M${x} ${TOP}V${FLOOR}"/>`;
}

function level(y) {
  return `<path class="cf-grid" d="M${LEFT} ${y}H${WIDTH}"/>`;
}

function dot(x, y) {
  return `<circle class="cf-here" cx="${x}" cy="${y}" r="6"/>`;
}

function caption(words, y) {
  return text(WIDTH - 4, y, words, 'cf-t', 'end');
}

// y of a share from 0 to 1
function height(share) {
  return TOP + (FLOOR - TOP) * (1 - share);
}

function histogram(data, tau) {
  const measured = data.tau[data.tau.length - 1];
  const end = Math.max(measured, tau);
  const x = (distance) => LEFT + ((WIDTH - LEFT) * distance) / end;
  const wide = (x(measured) - LEFT) / data.same.length;
  const scale = (FLOOR - 22) / Math.max(...data.same, ...data.different);
  const bar = (kind, wrong) => (share, bin) => {
    if (!share) return '';
    const marked = wrong(((bin + 0.5) * measured) / data.same.length) ? ' cf-wrong' : '';
    const [left, tall] = [LEFT + bin * wide, share * scale];
    return (
      `<rect class="cf-h-${kind}${marked}" x="${left.toFixed(1)}" y="${(FLOOR - tall).toFixed(1)}" ` +
      `width="${(wide - 0.7).toFixed(1)}" height="${tall.toFixed(1)}"/>`
    );
  };
  let body = data.same.map(bar('same', (distance) => distance > tau)).join('');
  body += data.different.map(bar('diff', (distance) => distance <= tau)).join('');
  for (let tick = 0; tick < end; tick += end > 1.6 ? 0.4 : 0.2)
    body += text(x(tick), HEIGHT - 10, tick.toFixed(1), 'cf-t');
  body += `<path class="cf-axis" d="M${LEFT} ${FLOOR}H${WIDTH}"/>`;
  return (
    body + data.pairs.map((pair) => marker(x(Math.min(pair, end)), pair <= tau)).join('') + threshold(x(tau), tau, end)
  );
}

function marker(x, same) {
  return (
    `<g class="cf-marker ${same ? 'cf-is-same' : 'cf-is-diff'}"><path d="M${x} ${FLOOR}V${FLOOR - 30}"/>` +
    `<circle cx="${x}" cy="${FLOOR - 34}" r="5"/></g>`
  );
}

function threshold(x, tau, end) {
  const [side, shift] = tau > end * 0.8 ? ['end', -6] : ['start', 6];
  const name = text(x + shift, 14, `τ = ${tau.toFixed(3)}`, '', side);
  return `<g class="cf-tau"><path d="M${x} 4V${FLOOR + 5}"/>${name}</g>`;
}

function roc(data, tau) {
  const x = (far) => {
    const power = Math.log10(Math.max(far, 10 ** LOWEST_FAR));
    return LEFT + ((WIDTH - LEFT) * (power - LOWEST_FAR)) / -LOWEST_FAR;
  };
  let body = '';
  for (let power = LOWEST_FAR; power <= 0; power++) {
    const far = 10 ** power;
    const anchor = { [LOWEST_FAR]: 'start', 0: 'end' }[power] || 'middle';
    body += text(x(far), HEIGHT - 10, percent(far), 'cf-t', anchor) + upright(x(far));
  }
  for (const tar of [0, 0.5, 1])
    body += text(LEFT - 6, height(tar) + (tar ? 4 : 0), `${100 * tar} %`, 'cf-t', 'end') + level(height(tar));
  body += line(
    data.far.map((far, i) => [x(far), height(1 - data.frr[i])]),
    'cf-line',
  );
  body += dot(x(interpolate(data.tau, data.far, tau)), height(1 - interpolate(data.tau, data.frr, tau)));
  return body + caption('TAR over FAR (logarithmic)', FLOOR - 8);
}

function det(data, tau) {
  const place = (deviate) => Math.min(Math.max((deviate + DET_EDGE) / (2 * DET_EDGE), 0), 1);
  const x = (deviate) => LEFT + (WIDTH - LEFT) * place(deviate);
  const y = (deviate) => height(place(deviate));
  let body = '';
  for (const [rate, deviate] of data.det_ticks) {
    body += text(x(deviate), HEIGHT - 10, percent(rate), 'cf-t') + upright(x(deviate));
    body += text(LEFT - 6, y(deviate) + 4, percent(rate), 'cf-t', 'end') + level(y(deviate));
  }
  body += line(
    data.far_deviate.map((deviate, i) => [x(deviate), y(data.frr_deviate[i])]),
    'cf-line',
  );
  body += dot(x(interpolate(data.tau, data.far_deviate, tau)), y(interpolate(data.tau, data.frr_deviate, tau)));
  return body + caption('FRR over FAR (normal deviates)', 24);
}

function growth(data, tau, people) {
  const far = interpolate(data.tau, data.far, tau);
  const last = DECADES.length - 1;
  const x = (count) => LEFT + ((WIDTH - LEFT) * Math.log10(count)) / last;
  const curve = (rate) =>
    Array.from({ length: 121 }, (_, i) => [x(10 ** (i / 20)), height(strangerChance(rate, 10 ** (i / 20)))]);
  let body = '';
  DECADES.forEach((name, power) => {
    const anchor = { 0: 'start', [last]: 'end' }[power] || 'middle';
    body += text(x(10 ** power), HEIGHT - 10, name, 'cf-t', anchor) + upright(x(10 ** power));
  });
  for (const share of [0, 0.5, 1]) body += text(LEFT - 6, height(share) + 4, `${100 * share} %`, 'cf-t', 'end');
  body += line(curve(0.01), 'cf-line cf-faint') + text(x(30), height(0.36) - 4, 'FAR 1 %', 'cf-t', 'end');
  return body + line(curve(far), 'cf-line') + dot(x(people), height(strangerChance(far, people)));
}

function numbers(data, tau, people) {
  const far = interpolate(data.tau, data.far, tau);
  const frr = interpolate(data.tau, data.frr, tau);
  const need = farFor(data.strangers, people);
  const safe = strictest(data, need);
  const miss = interpolate(data.tau, data.frr, safe);
  return { far, frr, accuracy: 1 - (far + frr) / 2, chance: strangerChance(far, people), need, safe, miss };
}

let askedPeople = props.asked?.people ?? 0; // by a link, for the first drawing

function draw() {
  const box = find('[data-curves]');
  if (!box) return;
  if (box.source !== box.dataset.curves) {
    // gradio patches the element in place when its value changes
    box.source = box.dataset.curves;
    box.curves = JSON.parse(box.source);
    find('.cf-tau-input').value = box.curves.chosen;
    if (askedPeople) find('.cf-k-input').value = Math.log10(askedPeople);
    askedPeople = 0;
  }
  const data = box.curves;
  const tau = Number(find('.cf-tau-input').value);
  const people = Math.round(10 ** Number(find('.cf-k-input').value));
  const shown = numbers(data, tau, people);
  box.shown = { tau, people, ...shown };
  write(data, tau, people, shown);
  find('.cf-hist').innerHTML = svg(`Histograms of distances, threshold ${tau.toFixed(3)}`, histogram(data, tau));
  const kind = find('input[name=cf-curve]:checked').value;
  const rates = `false accepts ${percent(shown.far, data.n_different)}, false rejects ${percent(shown.frr)}`;
  const drawn = kind === 'det' ? det(data, tau) : roc(data, tau);
  find('.cf-roc').innerHTML = svg(`${kind.toUpperCase()} curve, ${rates}`, drawn);
  const title = 'Chance that a stranger is taken for somebody, over the number of people';
  find('.cf-growth').innerHTML = svg(title, growth(data, tau, people));
}

function write(data, tau, people, shown) {
  const n = data.n_different;
  const words = {
    tau: tau.toFixed(3),
    far: percent(shown.far, n),
    frr: percent(shown.frr),
    acc: percent(shown.accuracy),
    k: people.toLocaleString('en'),
    chance: percent(shown.chance),
    need: percent(shown.need),
    miss: percent(shown.miss),
  };
  DECADES.forEach((_, power) => {
    words[`chance-${power}`] = percent(strangerChance(shown.far, 10 ** power));
  });
  for (const [name, value] of Object.entries(words)) find(`.cf-out-${name}`).textContent = value;
  const use = find('.cf-use');
  use.textContent = `Use τ = ${shown.safe.toFixed(3)}`;
  use.value = shown.safe.toFixed(3);
}

// The tab's own slider moved.
function follow() {
  const [slider, own] = [tabSlider(), find('.cf-tau-input')];
  if (!slider || !own || slider.value === own.value) return;
  own.value = slider.value;
  draw();
}

// Released: the tab's own slider follows.
function lead(value) {
  const slider = tabSlider();
  if (!slider) return;
  slider.value = value;
  for (const type of ['input', 'pointerup']) slider.dispatchEvent(new Event(type, { bubbles: true }));
}

element.addEventListener('input', draw);
element.addEventListener('click', (event) => {
  if (!event.target.classList.contains('cf-use')) return;
  find('.cf-tau-input').value = event.target.value;
  draw();
  find('.cf-tau-input').dispatchEvent(new Event('change', { bubbles: true }));
});
element.addEventListener('change', (event) => {
  if (event.target.classList.contains('cf-tau-input')) lead(event.target.value);
});
document.addEventListener('input', (event) => {
  if (event.target === tabSlider()) follow();
});
window.hubLinks?.tell(element, () => {
  const slider = find('.cf-k-input');
  if (askedPeople) return { people: askedPeople };
  return slider && slider.value !== slider.defaultValue ? { people: Math.round(10 ** slider.value) } : {};
});
watch('value', draw);
draw();
