// The same place of every picture under a lens, by pointer, finger or keyboard. State stays when the pictures change.
const state = { x: 0.42, y: 0.3, zoom: 3 };
const [LEAST, MOST, STEP] = [1.5, 8, 0.03];
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function lensOf(frame) {
  const image = frame.querySelector(':scope > img');
  let lens = frame.querySelector(':scope > .gs-lens');
  if (!lens) {
    lens = document.createElement('div');
    lens.className = 'gs-lens';
    lens.setAttribute('aria-hidden', 'true');
    lens.append(image.cloneNode());
    frame.append(lens);
  }
  return lens;
}

function place() {
  for (const frame of element.querySelectorAll('.gs-frame')) {
    const lens = lensOf(frame);
    const [width, height] = [frame.clientWidth, frame.clientHeight];
    const side = lens.offsetWidth;
    const [x, y] = [state.x * width, state.y * height];
    lens.style.left = `${clamp(x - side / 2, 0, width - side)}px`;
    lens.style.top = `${clamp(y - side / 2, 0, height - side)}px`;
    const inner = lens.firstElementChild;
    inner.style.width = `${state.zoom * width}px`;
    inner.style.left = `${side / 2 - state.zoom * x}px`;
    inner.style.top = `${side / 2 - state.zoom * y}px`;
  }
  const grid = element.querySelector('.gs-grid');
  if (grid) grid.dataset.at = [state.x, state.y, state.zoom].map((value) => value.toFixed(2)).join(' ');
}

function move(x, y, zoom = state.zoom) {
  Object.assign(state, { x: clamp(x, 0, 1), y: clamp(y, 0, 1), zoom: clamp(zoom, LEAST, MOST) });
  place();
}

function point(event) {
  const frame = event.target.closest('.gs-frame');
  if (!frame) return;
  const box = frame.getBoundingClientRect();
  move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
}

function press(event) {
  if (!event.target.closest('.gs-grid')) return;
  const far = event.shiftKey ? 4 * STEP : STEP;
  const keys = {
    ArrowLeft: () => move(state.x - far, state.y),
    ArrowRight: () => move(state.x + far, state.y),
    ArrowUp: () => move(state.x, state.y - far),
    ArrowDown: () => move(state.x, state.y + far),
    '+': () => move(state.x, state.y, state.zoom * 1.25),
    '=': () => move(state.x, state.y, state.zoom * 1.25),
    '-': () => move(state.x, state.y, state.zoom / 1.25),
  };
  if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  keys[event.key]();
}

element.addEventListener('pointermove', point);
element.addEventListener('pointerdown', point);
element.addEventListener('keydown', press);
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-zoom]');
  if (button) move(state.x, state.y, state.zoom * Number(button.dataset.zoom));
});
let asked = 0;
const later = () => {
  cancelAnimationFrame(asked);
  asked = requestAnimationFrame(place);
};
element.addEventListener('load', later, true); // an image knows its height once it is decoded; load does not bubble
new ResizeObserver(later).observe(element);
new MutationObserver((changes) => {
  const ours = (node) => node.nodeType === Node.ELEMENT_NODE && node.classList.contains('gs-lens');
  if (changes.some((change) => ![...change.addedNodes].every(ours))) later();
}).observe(element, { childList: true, subtree: true });
later();
