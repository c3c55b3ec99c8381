// The map of the Earth: a click or the arrow keys choose a place, the mark stands where the value says.
const globe = () => element.querySelector('.night-globe');
const bounded = (value, most) => Math.min(Math.max(Math.round(value * 10) / 10, -most), most);
let place = String(props.value || '0,0')
  .split(',')
  .map(Number);
const draw = () => {
  const mark = globe()?.querySelector('.night-mark');
  if (!mark) return;
  mark.style.left = `${(place[1] + 180) / 3.6}%`;
  mark.style.top = `${(90 - place[0]) / 1.8}%`;
};
const go = (latitude, longitude) => {
  const around = longitude > 180 ? longitude - 360 : longitude < -180 ? longitude + 360 : longitude;
  place = [bounded(latitude, 90), bounded(around, 180)];
  draw();
  trigger('click', { latitude: place[0], longitude: place[1] });
};
element.addEventListener('click', (event) => {
  if (!event.target.closest('.night-globe')) return;
  const box = globe().getBoundingClientRect();
  go(90 - (180 * (event.clientY - box.top)) / box.height, (360 * (event.clientX - box.left)) / box.width - 180);
});
const STEPS = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
element.addEventListener('keydown', (event) => {
  const step = STEPS[event.key];
  if (!step || !event.target.closest('.night-globe')) return;
  event.preventDefault();
  const degrees = event.shiftKey ? 15 : 3;
  go(place[0] + step[0] * degrees, place[1] + step[1] * degrees);
});
watch('value', () => {
  place = String(props.value).split(',').map(Number);
  draw();
});
draw();
