// The paper of the strip: its grid, the signal, and over each beat what it was called.

const PAPER_HEIGHT = 260;
const FONT = 'ui-sans-serif, system-ui, sans-serif';
const INKS = {
  light: {
    paper: '#fffaf7',
    fine: '#fbe3da',
    thick: '#f3bfae',
    signal: '#10182b',
    frame: '#111',
    agrees: '#5b6778',
    differs: '#b64a00',
    interval: '#66758a',
    clock: '#7a5a4c',
    pen: '#0f766e',
    tint: '26',
    map: '#f1f5f9',
    rate: '#526072',
    view: '#0f766e',
  },
  dark: {
    paper: '#17120f',
    fine: '#2c211b',
    thick: '#4a342a',
    signal: '#9ff3c9',
    frame: '#fff',
    agrees: '#9aa7b8',
    differs: '#ff9d66',
    interval: '#8c9aad',
    clock: '#b8a498',
    pen: '#9ff3c9',
    tint: '40',
    map: '#0c1424',
    rate: '#9fb0c6',
    view: '#2dd4bf',
  },
};

const isDark = () => document.body.classList.contains('dark');
const inks = () => (isDark() ? INKS.dark : INKS.light);
const xOf = (time) => (time - state.at) * PX_PER_S;

// The colour of a class ("V?" is V's), of the page's style sheet; read once for light and once for dark.
function classColour(letter) {
  if (!state.colours) {
    const style = getComputedStyle(document.body);
    const read = (one) => [one, style.getPropertyValue(`--ekg-${one}`).trim() || '#888'];
    state.colours = Object.fromEntries([...'NSVFQ'].map(read));
  }
  return state.colours[letter[0]];
}

// The canvas at the screen's resolution: its context, width and height in CSS pixels.
function fitted(canvas, height) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth || 600;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return [context, width, height];
}

// What scrolling does not change is painted once, and again in another size or in the dark.
function paintedOnce(name, canvas, width, height, paint) {
  const key = `${width} ${height} ${isDark()} ${canvas.width}`;
  if (state.painted[name]?.key !== key) {
    const sheet = document.createElement('canvas');
    const ratio = canvas.width / canvas.clientWidth;
    sheet.width = Math.ceil(width * ratio);
    sheet.height = Math.ceil(height * ratio);
    const context = sheet.getContext('2d');
    context.scale(ratio, ratio);
    paint(context);
    state.painted[name] = { key, sheet };
  }
  return state.painted[name].sheet;
}

function drawPaper() {
  const [context, width, height] = fitted(find('.ekg-paper'), PAPER_HEIGHT);
  drawGrid(context, width, height);
  if (!state.data) return;
  const until = state.at + visible();
  const now = state.playing ? penAt() : Number.POSITIVE_INFINITY; // behind the pen nothing is written yet
  for (const place of beatsUntil(until + 0.5)) tintBeat(context, place, letterAt(place, now), height);
  drawSignal(context, Math.min(until, now), height * 0.56);
  context.textAlign = 'center';
  for (const place of beatsUntil(until + 0.2)) writeBeat(context, place, letterAt(place, now), height);
  writeClock(context, until, height);
  if (state.playing) {
    context.fillStyle = inks().pen;
    context.fillRect(xOf(now) - 1, 0, 2, height);
  }
}

// One thick square wider than the strip, so that any place of it can be cut out.
function drawGrid(context, width, height) {
  const square = PX_PER_MM * 5;
  const wide = width + square;
  const sheet = paintedOnce('grid', find('.ekg-paper'), wide, height, (paper) => {
    paper.fillStyle = inks().paper;
    paper.fillRect(0, 0, wide, height);
    ruleLines(paper, wide, height, PX_PER_MM, inks().fine);
    ruleLines(paper, wide, height, square, inks().thick);
  });
  const shift = (((state.at * PX_PER_S) % square) + square) % square;
  context.drawImage(sheet, -shift, 0, wide, height);
}

function ruleLines(paper, width, height, step, style) {
  paper.strokeStyle = style;
  paper.lineWidth = 1;
  paper.beginPath();
  for (let x = 0; x <= width; x += step) {
    paper.moveTo(x + 0.5, 0);
    paper.lineTo(x + 0.5, height);
  }
  for (let y = (height / 2) % step; y <= height; y += step) {
    paper.moveTo(0, Math.round(y) + 0.5);
    paper.lineTo(width, Math.round(y) + 0.5);
  }
  paper.stroke();
}

// The places of the beats from just before the left edge to a time.
function beatsUntil(time) {
  const first = Math.max(0, firstFrom(state.at) - 1);
  return Array.from({ length: Math.max(0, firstFrom(time) - first) }, (_, n) => first + n);
}

// What is written over a beat; while the live monitor plays its answer, once that is there.
function letterAt(place, now) {
  if (state.data.times[place] > now) return '';
  if (!state.playing || !state.following) return state.data.classes[place];
  return state.answers.get(place) ?? '';
}

function tintBeat(context, place, letter, height) {
  const x = xOf(state.data.times[place]);
  if (letter && letter !== 'N') {
    context.fillStyle = classColour(letter) + inks().tint;
    context.fillRect(x - 26, 0, 58, height);
  }
  if (place === state.chosen) {
    context.strokeStyle = inks().frame;
    context.lineWidth = 1.5;
    context.strokeRect(x - 28, 2, 62, height - 4);
  }
}

function drawSignal(context, until, middle) {
  const { rate, counts_per_mv: perMillivolt } = state.data;
  const start = Math.max(0, Math.floor(state.at * rate));
  const stop = Math.min(state.signal.length, Math.ceil(until * rate) + 1);
  const baseline = medianCount(start, Math.min(state.signal.length, start + Math.ceil(visible() * rate)));
  Object.assign(context, { strokeStyle: inks().signal, lineWidth: 1.4, lineJoin: 'round' });
  context.beginPath();
  for (let sample = start; sample < stop; sample++) {
    const y = middle - ((state.signal[sample] - baseline) / perMillivolt) * PX_PER_MV;
    context.lineTo(xOf(sample / rate), y);
  }
  context.stroke();
}

// Of some three hundred samples: where the strip's middle line lies.
function medianCount(from, to) {
  const step = Math.max(1, Math.floor((to - from) / 300));
  const some = state.signal.slice(from, to).filter((_, n) => n % step === 0);
  some.sort();
  return some[some.length >> 1] || 0;
}

function writeBeat(context, place, letter, height) {
  if (!letter) return;
  const { times, called, expert, classes, rr } = state.data;
  const x = xOf(times[place]);
  context.font = `700 15px ${FONT}`;
  context.fillStyle = classColour(letter);
  context.fillText(state.following ? letter : called[place], x, 18);
  if (expert) {
    const agrees = expert[place] === classes[place];
    context.font = `12px ${FONT}`;
    context.fillStyle = agrees ? inks().agrees : inks().differs;
    context.fillText(agrees ? expert[place] : `${expert[place]}!`, x, 34);
  }
  if (rr[place] !== null && x > 30) {
    context.font = `11px ${FONT}`;
    context.fillStyle = inks().interval;
    context.fillText(rr[place], x - (rr[place] / 2000) * PX_PER_S, height - 8);
  }
}

function writeClock(context, until, height) {
  Object.assign(context, { textAlign: 'left', font: `11px ${FONT}`, fillStyle: inks().clock });
  for (let second = Math.max(0, Math.ceil(state.at)); second < until; second++)
    context.fillText(clockAt(second).replace(/\.0$/, ''), xOf(second) + 3, height - 24);
}
