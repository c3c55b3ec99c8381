// A sheet to draw on with finger, pen or mouse. Its value is JSON: strokes, each a list of [x, y] in 0..1 of the sheet.
// The page may replace the elements when the value changes, so the listeners sit on the root and the strokes live here.
let strokes = [];
let current = null;
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
};
const send = () => {
  props.value = JSON.stringify(strokes);
  requestAnimationFrame(draw);
  setTimeout(draw, 60); // after the page has replaced the canvas
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
element.addEventListener('click', (event) => {
  if (!event.target.closest('.gan-clear')) return;
  strokes = [];
  send();
});
draw();
