// A sheet to draw on with finger, pen or mouse. Its value is JSON: strokes, each a list of [x, y] in 0..1 of the sheet.
// The page may draw the element anew when the value changes, so listeners sit on the root and strokes live here.
let strokes = [];
let current = null;
const canvas = () => element.querySelector('canvas');
const place = (event) => {
  const box = canvas().getBoundingClientRect();
  const inside = (v) => Math.round(Math.min(Math.max(v, 0), 1) * 1000) / 1000;
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
    stroke.forEach(([x, y], at) => pen[at ? 'lineTo' : 'moveTo'](x * sheet.width, y * sheet.height));
    if (stroke.length === 1) pen.lineTo(stroke[0][0] * sheet.width, stroke[0][1] * sheet.height);
    pen.stroke();
  }
};
const tell = () => {
  props.value = JSON.stringify(strokes);
  requestAnimationFrame(draw);
  setTimeout(draw, 60);
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
const lift = () => {
  if (!current) return;
  strokes = [...strokes, current];
  current = null;
  tell();
};
element.addEventListener('pointerup', lift);
element.addEventListener('pointercancel', lift);
element.addEventListener('click', (event) => {
  if (!event.target.closest('.gan-clear')) return;
  strokes = [];
  tell();
});
draw();
