// The paper strip: 25 mm/s, 10 mm/mV, drawn on a canvas; scrolled by drag, wheel, buttons and keys; played in real
// time.
// props.value: the classified recording as JSON (apps/ekg/ui/strip.py); props.live: answers that arrive while it plays
// (apps/ekg/ui/monitor.py). Drawing: strip_paper.js, strip_overview.js; the list: strip_list.js; input: strip_input.js.
const PX_PER_MM = 4;
const PX_PER_S = 25 * PX_PER_MM;
const PX_PER_MV = 10 * PX_PER_MM;
const PEN = 0.85; // where on the strip the pen is while it plays, as a share of its width
const SAME_BEAT_S = 0.3; // between the marks of one beat
const MOST_DRIFT_S = 1.5; // between the server's time and the pen's

const state = {
  data: null,
  signal: null, // counts, at data.rate
  at: 0, // seconds at the left edge
  speed: 1,
  playing: false,
  following: false, // the live monitor plays
  answers: new Map(), // of the live monitor: the letter by the beat's place
  chosen: -1, // the place of the chosen beat
  filter: 'SVFQ',
  drag: null,
  velocity: 0, // pixels per second of a strip that was let go
  tickedAt: 0,
  frame: 0,
  colours: null, // of the classes
  painted: {}, // what scrolling does not change
};

const find = (selector) => element.querySelector(selector);
const visible = () => (find('.ekg-paper').clientWidth || 600) / PX_PER_S; // seconds on the strip
const penAt = () => state.at + visible() * PEN;

// The place of the first beat at or after a time.
function firstFrom(time) {
  let low = 0;
  let high = state.data ? state.data.times.length : 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (state.data.times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function clock(time) {
  const hours = Math.floor(time / 3600);
  const minutes = Math.floor((time % 3600) / 60);
  const seconds = (time % 60).toFixed(1).padStart(4, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

// How the page goes to something.
const going = () => (window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth');
const clockAt = (time) => clock(time + state.data.start);
const lastShown = () => Math.min(state.at + visible(), state.data.duration);

function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function load() {
  const data = parsed(props.value);
  const same = state.data && data && state.data.token === data.token;
  const looked = same || !data ? null : chosenTime(data);
  Object.assign(state, { data, answers: new Map(), chosen: -1 });
  delete state.painted.whole;
  if (!same) Object.assign(state, { at: 0, playing: false, following: false });
  state.signal = data ? decoded(data.signal) : null;
  if (data) element.dataset.shown = data.record; // apps.ui.FIRST_SIGHT asks for the sample only if nothing is shown
  bindOnce();
  listBeats();
  draw();
  if (!same && data?.token) show(beatOfLink(data) ?? beatAt(data, looked) ?? firstBeat(data));
}

// When the chosen beat is, if it was chosen in this recording before something was done to it; else null.
function chosenTime({ record }) {
  const { data, chosen } = state;
  return data?.record === record && chosen >= 0 ? data.times[chosen] + data.start : null;
}

// The beat at that time; a little away from it where noise has moved its mark.
function beatAt(data, time) {
  if (time === null) return null;
  const away = (place) => Math.abs(data.times[place] + data.start - time);
  const after = firstFrom(time - data.start);
  const [nearest] = [after - 1, after]
    .filter((place) => data.times[place] !== undefined)
    .sort((a, b) => away(a) - away(b));
  return nearest !== undefined && away(nearest) < SAME_BEAT_S ? nearest : null;
}

function firstBeat(data) {
  return data.listed[0] ?? (data.times.length ? 0 : -1);
}

let asked = props.asked?.beat ?? 0; // by a link, of the first recording

function beatOfLink(data) {
  const place = asked - 1 - data.first;
  asked = 0;
  return place >= 0 && place < data.times.length ? place : null;
}

window.hubLinks?.tell(element, () => {
  const { chosen, data } = state;
  return chosen >= 0 && chosen !== firstBeat(data) ? { beat: chosen + data.first + 1 } : {};
});

function decoded(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Int16Array(bytes.buffer);
}

function moveTo(time) {
  if (!state.data) return;
  state.at = Math.max(0, Math.min(time, Math.max(0, state.data.duration - visible())));
  draw();
}

function draw() {
  if (state.frame) return;
  state.frame = requestAnimationFrame(() => {
    state.frame = 0;
    if (!find('.ekg-paper')?.clientWidth) return; // another tab is shown
    drawPaper();
    drawOverview();
    writeReadings();
  });
}

function writeReadings() {
  const data = state.data;
  const place = Math.max(1, firstFrom(state.playing ? penAt() : state.at + visible() / 2) - 1);
  find('.ekg-rate').textContent = data?.mean_rates[Math.min(place, data.times.length - 1)] ?? '–';
  find('.ekg-label').textContent = data ? data.label : '';
  find('.ekg-time').textContent = data ? `${clockAt(Math.max(0, state.at))} to ${clockAt(lastShown())}` : '';
  find('.ekg-play').textContent = state.playing ? 'Pause' : 'Play';
  find('.ekg-play').setAttribute('aria-pressed', String(state.playing));
}

function play(on) {
  Object.assign(state, { playing: on, velocity: 0 });
  startTicking();
  draw();
}

function startTicking() {
  state.tickedAt = performance.now();
  requestAnimationFrame(tick);
}

function tick(now) {
  if (!state.data || (!state.playing && Math.abs(state.velocity) < 5)) {
    state.velocity = 0;
    return;
  }
  const elapsed = Math.min(0.1, (now - state.tickedAt) / 1000);
  state.tickedAt = now;
  if (state.playing) {
    state.at += elapsed * state.speed;
    if (penAt() >= state.data.duration) state.playing = false;
  } else {
    state.velocity *= Math.exp(-3 * elapsed);
    moveTo(state.at - (state.velocity * elapsed) / PX_PER_S);
  }
  draw();
  requestAnimationFrame(tick);
}

function onLive() {
  const step = parsed(props.live);
  if (!step || !state.data) return;
  if (step.begin) beginLive();
  else if (step.end) endLive();
  else receive(step);
}

function beginLive() {
  Object.assign(state, { answers: new Map(), following: true, speed: 1, at: -visible() * PEN, chosen: -1 });
  find('.ekg-speed').value = '1';
  play(true);
  find('.ekg-viewer').scrollIntoView({ behavior: going(), block: 'nearest' });
}

function endLive() {
  state.following = false;
  play(false);
  moveTo(state.at);
}

function receive(step) {
  for (const [place, letter] of Object.entries(step.answers)) state.answers.set(Number(place), letter);
  const drift = step.now - penAt(); // the server keeps the time; the pen follows it
  if (state.playing && Math.abs(drift) > MOST_DRIFT_S) state.at += drift;
  draw();
}

watch('value', load);
watch('live', onLive);
new MutationObserver(() => {
  Object.assign(state, { colours: null, painted: {} });
  draw();
}).observe(document.body, { attributes: true, attributeFilter: ['class'] });
load();
