// A sheet to paint land on with finger, pen, mouse or keyboard. After every stroke it goes to the hub as a PNG.
const canvas = () => element.querySelector('canvas');
const pen = () => canvas().getContext('2d', { willReadFrequently: true });
const colours = Object.fromEntries(
  [...element.querySelectorAll('[data-brush]')].map((button) => [button.dataset.name, button.dataset.brush]),
);
const KEPT = 30; // pictures that "Take back" can go back to
const before = [];
let brush = colours.land;
let last = null; // the place that the stroke has come to
let cursor = null; // the keyboard's place
const size = () => Number(element.querySelector('.night-size').value);
const send = () => trigger('click', { drawing: canvas().toDataURL('image/png') });
const keep = () => {
  before.push(pen().getImageData(0, 0, canvas().width, canvas().height));
  if (before.length > KEPT) before.shift();
};
const place = (event) => {
  const box = canvas().getBoundingClientRect();
  return [
    ((event.clientX - box.left) / box.width) * canvas().width,
    ((event.clientY - box.top) / box.height) * canvas().height,
  ];
};
const line = (from, to, width = size(), colour = brush) => {
  const sheet = pen();
  sheet.lineCap = sheet.lineJoin = 'round';
  sheet.lineWidth = width;
  sheet.strokeStyle = colour;
  sheet.beginPath();
  sheet.moveTo(...from);
  sheet.lineTo(to[0] + 0.01, to[1]);
  sheet.stroke();
};
const sea = () => {
  pen().fillStyle = colours.water;
  pen().fillRect(0, 0, canvas().width, canvas().height);
};
// A round coast of a few waves, filled with one class of land.
const island = (x, y, radius, colour, rough = 0.22) => {
  const waves = Array.from({ length: 7 }, (_, n) => [
    (rough * (Math.random() + 0.3)) / Math.sqrt(n + 1),
    Math.random() * 7,
  ]);
  const sheet = pen();
  sheet.fillStyle = colour;
  sheet.beginPath();
  for (let turn = 0; turn < 120; turn += 1) {
    const angle = (turn / 120) * 2 * Math.PI;
    const wave = waves.reduce((sum, [high, phase], n) => sum + high * Math.sin((n + 2) * angle + phase), 1);
    sheet.lineTo(x + radius * wave * Math.cos(angle), y + radius * wave * Math.sin(angle));
  }
  sheet.fill();
};
const some = (low, high) => low + (high - low) * Math.random();
const continent = () => {
  sea();
  island(some(80, 112), some(80, 112), some(58, 72), colours.land);
  island(some(70, 120), some(60, 90), some(16, 26), colours.desert);
  island(some(70, 120), some(95, 125), some(12, 20), colours.forest);
  const [x, y, lean] = [some(60, 90), some(50, 70), some(-25, 40)];
  for (let n = 0; n < 6; n += 1) island(x + (lean * n) / 5, y + n * 12, some(5, 8), colours.mountains);
  island(some(20, 172), some(165, 178), some(8, 13), colours.land);
};
const ACTS = {
  undo: () => before.length && pen().putImageData(before.pop(), 0, 0),
  sea: () => {
    keep();
    sea();
  },
  new: () => {
    keep();
    continent();
  },
};
const act = (name) => {
  ACTS[name]();
  send();
};
const choose = (button) => {
  brush = button.dataset.brush;
  for (const one of element.querySelectorAll('[data-brush]')) one.setAttribute('aria-checked', String(one === button));
};
const lift = () => {
  if (!last) return;
  last = null;
  send();
};
element.addEventListener('pointerdown', (event) => {
  if (event.target !== canvas()) return;
  event.preventDefault();
  canvas().focus({ preventScroll: true });
  canvas().setPointerCapture(event.pointerId);
  keep();
  last = place(event);
  line(last, last);
});
element.addEventListener('pointermove', (event) => {
  if (!last) return;
  const now = place(event);
  line(last, now);
  last = now;
});
element.addEventListener('pointerup', lift);
element.addEventListener('pointercancel', lift);
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button?.dataset.brush) choose(button);
  if (button?.dataset.do) act(button.dataset.do);
});
const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const point = () => {
  const mark = element.querySelector('.night-cursor');
  mark.hidden = !cursor;
  if (!cursor) return;
  const share = 100 / canvas().width;
  mark.style.cssText = `left:${cursor[0] * share}%;top:${cursor[1] * share}%;width:${size() * share}%`;
};
element.addEventListener('keydown', (event) => {
  if (event.target !== canvas()) return;
  const step = STEPS[event.key];
  const undo = event.key.toLowerCase() === 'z'; // with Ctrl, too
  if (!step && event.key !== ' ' && !undo) return;
  event.preventDefault();
  if (undo) return act('undo');
  cursor ??= [canvas().width / 2, canvas().height / 2];
  if (step) {
    const reach = event.shiftKey ? 24 : 6;
    cursor = cursor.map((value, axis) => Math.min(Math.max(value + step[axis] * reach, 0), canvas().width));
  } else {
    keep();
    line(cursor, cursor);
    send();
  }
  point();
});
element.addEventListener('focusout', () => {
  cursor = null;
  point();
});
continent();
new IntersectionObserver(
  (entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    setTimeout(send, 250); // the page may be about to go to the tab that its address asks for
  },
  { rootMargin: '300px' },
).observe(element);
