// A sheet to draw on with finger, pen, mouse or keyboard. Its value is JSON: strokes, each a list of [x, y] in 0..1.
// The page may replace the elements when the value changes, so the listeners sit on the root and the strokes live here.
let strokes = [];
let current = null;
let cursor = null; // the keyboard's place, while the sheet has the focus
let replaced = false; // whether the page may be replacing the sheet, which then loses the focus
const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const canvas = () => element.querySelector('canvas');
const place = (event) => {
  const box = canvas().getBoundingClientRect();
  const inside = (share) => Math.round(Math.min(Math.max(share, 0), 1) * 1000) / 1000;
  return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
};
const draw = () => {
  const sheet = canvas();
  if (!sheet) return;
  const pen = sheet.getContext('2d');
  pen.clearRect(0, 0, sheet.width, sheet.height);
  pen.lineWidth = sheet.width * Number(sheet.dataset.brush);
  pen.lineCap = pen.lineJoin = 'round';
  pen.strokeStyle = '#111';
  for (const stroke of current ? [...strokes, current] : strokes) {
    pen.beginPath();
    for (const [x, y] of stroke) pen.lineTo(x * sheet.width, y * sheet.height); // the first one only moves there
    if (stroke.length === 1) pen.lineTo(stroke[0][0] * sheet.width, stroke[0][1] * sheet.height); // a dot
    pen.stroke();
  }
  if (!cursor) return;
  pen.beginPath();
  pen.arc(cursor[0] * sheet.width, cursor[1] * sheet.height, 0.6 * pen.lineWidth, 0, 2 * Math.PI);
  pen.lineWidth = 3;
  pen.strokeStyle = current ? '#d55e00' : '#0072b2'; // it draws, or only moves
  pen.stroke();
};
const send = () => {
  replaced = true;
  props.value = JSON.stringify(strokes);
  requestAnimationFrame(draw);
  setTimeout(() => {
    replaced = false;
    draw();
    if (cursor) canvas()?.focus({ preventScroll: true });
  }, 60); // after the page has replaced the canvas
};
const lift = () => {
  if (!current) return;
  strokes = [...strokes, current];
  current = null;
  send();
};
element.addEventListener('pointerdown', (event) => {
  if (event.target !== canvas()) return;
  event.preventDefault();
  canvas().setPointerCapture(event.pointerId);
  current = [place(event)];
  draw();
});
element.addEventListener('pointermove', (event) => {
  if (!current) return;
  current.push(place(event));
  draw();
});
element.addEventListener('pointerup', lift);
element.addEventListener('pointercancel', lift);
element.addEventListener('keydown', (event) => {
  if (event.target !== canvas()) return;
  const step = STEPS[event.key];
  if (!step && event.key !== ' ') return;
  event.preventDefault();
  cursor ??= [0.5, 0.5];
  const far = event.shiftKey ? 0.1 : 0.03;
  if (step) cursor = cursor.map((at, axis) => Math.min(Math.max(at + far * step[axis], 0), 1));
  if (current) current.push(cursor.map((at) => Math.round(at * 1000) / 1000));
  if (!step && current) lift();
  else if (!step) current = [cursor];
  draw();
});
element.addEventListener('focusout', (event) => {
  if (replaced || !event.target.closest('canvas')) return;
  cursor = null;
  lift();
  draw();
});
element.addEventListener('click', (event) => {
  if (!event.target.closest('.gan-clear')) return;
  strokes = [];
  send();
});
draw();
