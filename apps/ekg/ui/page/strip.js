// The paper strip: 25 mm/s, 10 mm/mV, on a canvas; scrolled by drag, wheel, buttons and keys, played in real time.
// value: the classified recording as JSON (apps/ekg/ui/strip.py); live: answers that arrive while it plays.
const $ = (selector) => element.querySelector(selector);
const PX_PER_MM = 4,
  MM_PER_S = 25,
  MM_PER_MV = 10,
  COUNTS_PER_MV = 200,
  LIST_LENGTH = 200,
  PAPER_HEIGHT = 260,
  OVERVIEW_HEIGHT = 44;
const s = {
  data: null,
  signal: null,
  at: 0,
  speed: 1,
  playing: false,
  last: 0,
  chosen: -1,
  filter: 'SVFQ',
  live: [],
  drag: null,
  velocity: 0,
  frame: 0,
  following: false,
  colours: null,
  sheet: null,
  whole: null,
};

const clock = (t) => {
  const h = Math.floor(t / 3600),
    m = Math.floor((t % 3600) / 60),
    sec = (t % 60).toFixed(1).padStart(4, '0');
  return h ? `${h}:${String(m).padStart(2, '0')}:${sec}` : `${m}:${sec}`;
};
const pxPerS = () => PX_PER_MM * MM_PER_S;
const width = () => $('.ekg-paper').clientWidth || 600;
const visible = () => width() / pxPerS();
const dark = () => document.body.classList.contains('dark');
const colour = (letter) => {
  // of the page's style sheet, read once for light and once for dark
  if (!s.colours) {
    const style = getComputedStyle(document.body);
    s.colours = Object.fromEntries(
      [...'NSVFQ'].map((one) => [one, style.getPropertyValue(`--ekg-${one}`).trim() || '#888']),
    );
  }
  return s.colours[letter];
};
const doubtful = (i) => 'SVF'.includes(s.data.classes[i]) && s.data.sure[i] < s.data.unsure;
const sure = (i) => (s.data.classes[i] === 'Q' ? '' : ` ${s.data.sure[i]} %`); // Q is no answer of the network
const standing = (i) => (s.data.classes[i] === 'Q' ? 2 : Number(doubtful(i))); // the order of the list
// A detector's mark in noise is not a beat: no rate is taken from it.
const timed = (i) => s.data.expert || s.data.classes[i] !== 'Q';
const called = (i) => s.data.classes[i] + (doubtful(i) ? '?' : '');
const first = (t) => {
  // index of the first beat at or after t
  let low = 0,
    high = s.data ? s.data.times.length : 0;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (s.data.times[mid] < t) low = mid + 1;
    else high = mid;
  }
  return low;
};

function decode(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Int16Array(bytes.buffer);
}

function load() {
  let data = null;
  try {
    data = props.value ? JSON.parse(props.value) : null;
  } catch {
    data = null;
  }
  const same = s.data && data && s.data.token === data.token;
  s.data = data;
  s.live = [];
  s.chosen = -1;
  s.whole = null;
  if (!same) {
    s.at = 0;
    s.playing = s.following = false;
  }
  s.signal = data ? decode(data.signal) : null;
  if (data) element.dataset.shown = ''; // apps.ui.FIRST_SIGHT asks for the sample only where nothing is shown
  bind();
  listBeats();
  draw();
  if (!same && data && data.token) show(firstAbnormal(), true);
}

function moveTo(t) {
  if (!s.data) return;
  s.at = Math.max(0, Math.min(t, Math.max(0, s.data.duration - visible())));
  draw();
}

function fit(canvas, height) {
  const ratio = window.devicePixelRatio || 1,
    w = canvas.clientWidth || 600;
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(w * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const c = canvas.getContext('2d');
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  return [c, w, height];
}

function draw() {
  if (s.frame) return;
  s.frame = requestAnimationFrame(() => {
    s.frame = 0;
    if (!$('.ekg-paper')?.clientWidth) return; // of another tab
    paper();
    overview();
    readout();
  });
}

function cached(kind, canvas, w, h, paint) {
  // what scrolling does not change is painted once, and again in another size or in the dark
  const key = `${w} ${h} ${dark()} ${canvas.width}`;
  if (!s[kind] || s[kind].key !== key) {
    const made = document.createElement('canvas'),
      ratio = canvas.width / canvas.clientWidth;
    made.width = Math.ceil(w * ratio);
    made.height = Math.ceil(h * ratio);
    const c = made.getContext('2d');
    c.scale(ratio, ratio);
    paint(c);
    s[kind] = { key, made };
  }
  return s[kind].made;
}

function grid(c, w, h) {
  // one thick square wider than the strip, so that any place of it can be cut out
  const thick = PX_PER_MM * 5,
    wide = w + thick;
  const sheet = cached('sheet', $('.ekg-paper'), wide, h, (g) => {
    const night = dark();
    g.fillStyle = night ? '#17120f' : '#fffaf7';
    g.fillRect(0, 0, wide, h);
    for (const [step, style] of [
      [PX_PER_MM, night ? '#2c211b' : '#fbe3da'],
      [thick, night ? '#4a342a' : '#f3bfae'],
    ]) {
      g.strokeStyle = style;
      g.lineWidth = 1;
      g.beginPath();
      for (let x = 0; x <= wide; x += step) {
        g.moveTo(x + 0.5, 0);
        g.lineTo(x + 0.5, h);
      }
      for (let y = (h / 2) % step; y <= h; y += step) {
        g.moveTo(0, Math.round(y) + 0.5);
        g.lineTo(wide, Math.round(y) + 0.5);
      }
      g.stroke();
    }
  });
  c.drawImage(sheet, -((((s.at * pxPerS()) % thick) + thick) % thick), 0, wide, h);
}

function paper() {
  const [c, w, h] = fit($('.ekg-paper'), PAPER_HEIGHT),
    d = s.data,
    mid = h * 0.56,
    night = dark();
  grid(c, w, h);
  if (!d) return;
  const until = s.at + visible();
  // while it plays, nothing is written yet ahead of the pen
  const now = s.playing ? s.at + visible() * 0.85 : Infinity;
  for (let i = Math.max(0, first(s.at) - 1); i < d.times.length && d.times[i] < until + 0.5; i++) {
    const letter = letterAt(i, now);
    const x = (d.times[i] - s.at) * pxPerS();
    if (letter && letter !== 'N') {
      c.fillStyle = colour(letter) + (night ? '40' : '26');
      c.fillRect(x - 26, 0, 58, h);
    }
    if (i === s.chosen) {
      c.strokeStyle = night ? '#fff' : '#111';
      c.lineWidth = 1.5;
      c.strokeRect(x - 28, 2, 62, h - 4);
    }
  }
  const start = Math.max(0, Math.floor(s.at * d.rate)),
    stop = Math.min(s.signal.length, Math.ceil(Math.min(until, now) * d.rate) + 1);
  c.strokeStyle = night ? '#9ff3c9' : '#10182b';
  c.lineWidth = 1.4;
  c.lineJoin = 'round';
  c.beginPath();
  const centre = median(start, Math.min(s.signal.length, start + Math.ceil(visible() * d.rate)));
  for (let i = start; i < stop; i++) {
    const x = (i / d.rate - s.at) * pxPerS(),
      y = mid - ((s.signal[i] - centre) / COUNTS_PER_MV) * MM_PER_MV * PX_PER_MM;
    if (i === start) c.moveTo(x, y);
    else c.lineTo(x, y);
  }
  c.stroke();
  c.textAlign = 'center';
  for (let i = Math.max(0, first(s.at) - 1); i < d.times.length && d.times[i] < until + 0.2; i++) {
    const letter = letterAt(i, now),
      x = (d.times[i] - s.at) * pxPerS();
    if (!letter) continue;
    c.font = '700 15px ui-sans-serif, system-ui, sans-serif';
    c.fillStyle = colour(letter);
    c.fillText(s.following || !doubtful(i) ? letter : `${letter}?`, x, 18);
    if (d.expert) {
      c.font = '12px ui-sans-serif, system-ui, sans-serif';
      c.fillStyle = d.expert[i] === d.classes[i] ? (night ? '#9aa7b8' : '#5b6778') : night ? '#ff9d66' : '#b64a00';
      c.fillText(d.expert[i] === d.classes[i] ? d.expert[i] : `${d.expert[i]}!`, x, 34);
    }
    if (i > 0 && x > 30) {
      const rr = d.times[i] - d.times[i - 1];
      c.font = '11px ui-sans-serif, system-ui, sans-serif';
      c.fillStyle = night ? '#8c9aad' : '#66758a';
      c.fillText(rr < 9.99 ? (rr * 1000).toFixed(0) : '', x - (rr * pxPerS()) / 2, h - 8);
    }
  }
  c.textAlign = 'left';
  c.font = '11px ui-sans-serif, system-ui, sans-serif';
  c.fillStyle = night ? '#b8a498' : '#7a5a4c';
  for (let t = Math.max(0, Math.ceil(s.at)); t < until; t++)
    c.fillText(clock(t + d.start).replace(/\.0$/, ''), (t - s.at) * pxPerS() + 3, h - 24);
  if (s.playing) {
    const x = (now - s.at) * pxPerS();
    c.fillStyle = night ? '#9ff3c9' : '#0f766e';
    c.fillRect(x - 1, 0, 2, h);
  }
}

function letterAt(i, now) {
  // while the live monitor plays: the live answer once it came, nothing before
  const t = s.data.times[i];
  if (t > now) return '';
  if (!s.playing || !s.following) return s.data.classes[i];
  const hit = s.live.find((beat) => Math.abs(beat.t - t) < 0.15);
  return hit ? hit.c : '';
}

function median(from, to) {
  const some = [],
    step = Math.max(1, Math.floor((to - from) / 300));
  for (let i = from; i < to; i += step) some.push(s.signal[i]);
  some.sort((a, b) => a - b);
  return some[some.length >> 1] || 0;
}

function overview() {
  const [c, w, h] = fit($('.ekg-overview'), OVERVIEW_HEIGHT),
    d = s.data,
    night = dark();
  c.fillStyle = night ? '#0c1424' : '#f1f5f9';
  c.fillRect(0, 0, w, h);
  if (!d) return;
  const x = (t) => (t / d.duration) * w;
  c.drawImage(
    cached('whole', $('.ekg-overview'), w, h, (g) => whole(g, h, x)),
    0,
    0,
    w,
    h,
  );
  c.strokeStyle = night ? '#2dd4bf' : '#0f766e';
  c.lineWidth = 2;
  c.strokeRect(x(s.at), 1, Math.max(4, x(Math.min(visible(), d.duration))), h - 2);
}

function whole(c, h, x) {
  // heart rate from 30 to 200 a minute, and a tick for each abnormal beat
  const d = s.data,
    y = (bpm) => h - 4 - Math.min(1, Math.max(0, (bpm - 30) / 170)) * (h - 16);
  c.strokeStyle = dark() ? '#9fb0c6' : '#526072';
  c.lineWidth = 1;
  c.beginPath();
  const step = Math.max(1, Math.floor(d.times.length / (width() * 2)));
  for (let i = step, pen = false; i < d.times.length; i += step) {
    const bpm = (60 * step) / (d.times[i] - d.times[i - step]);
    if (!timed(i) || !timed(i - step)) {
      pen = false;
      continue;
    }
    if (pen) c.lineTo(x(d.times[i]), y(bpm));
    else c.moveTo(x(d.times[i]), y(bpm));
    pen = true;
  }
  c.stroke();
  for (const letter of ['F', 'Q', 'S', 'V']) {
    c.fillStyle = colour(letter);
    for (let i = 0; i < d.times.length; i++) if (d.classes[i] === letter) c.fillRect(x(d.times[i]), 0, 1.5, 9);
  }
}

function readout() {
  const d = s.data || { times: [], start: 0, duration: 0, label: '' },
    i = Math.max(1, first(s.at + visible() * (s.playing ? 0.85 : 0.5)) - 1);
  const from = Math.max(1, i - 7);
  const rr = [];
  for (let n = from; n <= Math.min(i, d.times.length - 1); n++)
    if (timed(n) && timed(n - 1)) rr.push(d.times[n] - d.times[n - 1]);
  const bpm = rr.length ? Math.round((60 * rr.length) / rr.reduce((a, b) => a + b, 0)) : '–';
  $('.ekg-rate').textContent = bpm;
  $('.ekg-label').textContent = d.label;
  $('.ekg-time').textContent = s.data
    ? `${clock(Math.max(0, s.at) + d.start)} to ${clock(Math.min(s.at + visible(), d.duration) + d.start)}`
    : '';
  $('.ekg-play').textContent = s.playing ? 'Pause' : 'Play';
  $('.ekg-play').setAttribute('aria-pressed', String(s.playing));
}

function tick(now) {
  if (!s.data || (!s.playing && Math.abs(s.velocity) < 5)) {
    s.velocity = 0;
    return;
  }
  const dt = Math.min(0.1, (now - s.last) / 1000);
  s.last = now;
  if (s.playing) {
    s.at += dt * s.speed;
    if (s.at >= s.data.duration - visible() * 0.85) {
      s.playing = false;
    }
  } else {
    s.velocity *= Math.exp(-3 * dt);
    moveTo(s.at - (s.velocity * dt) / pxPerS());
  }
  draw();
  requestAnimationFrame(tick);
}

function play(on) {
  s.playing = on;
  s.last = performance.now();
  s.velocity = 0;
  requestAnimationFrame(tick);
  draw();
}

function show(i, unasked) {
  // a beat on the strip and, through the event, from the inside
  if (i < 0 || i >= s.data.times.length) return;
  s.chosen = i;
  s.playing = false;
  if (s.data.times[i] < s.at + 0.3 || s.data.times[i] > s.at + visible() - 0.6) moveTo(s.data.times[i] - visible() / 2);
  draw();
  for (const button of element.querySelectorAll('.ekg-list button'))
    button.classList.toggle('chosen', Number(button.dataset.i) === i);
  const inside = $('.ekg-inside');
  inside.hidden = false;
  inside.textContent = `Beat ${i + s.data.first + 1}: ${called(i)}${sure(i)} · why? ↓`;
  trigger('select', { index: i + s.data.first, token: s.data.token, unasked });
}

function firstAbnormal() {
  // the first sure one, a doubtful one, one that is not classified, or else any beat; -1 where there is none
  const found = [...s.data.classes].map((_, i) => i).filter((i) => s.data.classes[i] !== 'N');
  return found.sort((a, b) => standing(a) - standing(b) || a - b)[0] ?? (s.data.times.length ? 0 : -1);
}

const choose = (i) => show(i, false);

function abnormal(step) {
  const d = s.data,
    from = s.chosen >= 0 ? s.chosen : first(s.at + visible() / 2);
  for (let i = from + step; i >= 0 && i < d.times.length; i += step)
    if (s.filter.includes(d.classes[i])) {
      choose(i);
      return;
    }
}

function listBeats() {
  const list = $('.ekg-list');
  if (!list) return;
  $('.ekg-inside').hidden = true;
  if (!s.data) {
    list.replaceChildren();
    $('.ekg-count').textContent = '';
    return;
  }
  const d = s.data,
    found = [];
  for (let i = 0; i < d.times.length; i++) if (s.filter.includes(d.classes[i])) found.push(i);
  const count = (place) => found.filter((i) => standing(i) === place).length,
    notes = [`${found.length.toLocaleString()} beats`],
    later = [];
  if (count(1)) later.push(`${count(1).toLocaleString()} doubtful (under ${d.unsure} %)`);
  if (count(2)) later.push(`${count(2).toLocaleString()} not classified`);
  if (later.length) notes.push(`${later.join(' and ')} last`);
  if (found.length > LIST_LENGTH) notes.push(`${LIST_LENGTH} listed`);
  $('.ekg-count').textContent = found.length ? notes.join(', ') : 'none of these classes';
  list.replaceChildren(
    ...found
      .sort((a, b) => standing(a) - standing(b) || a - b)
      .slice(0, LIST_LENGTH)
      .map((i) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.dataset.i = i;
        const letter = d.classes[i],
          mark = document.createElement('b');
        mark.textContent = called(i);
        mark.style.color = colour(letter);
        button.append(
          mark,
          ` ${clock(d.times[i] + d.start)} `,
          Object.assign(document.createElement('span'), { textContent: sure(i).trim() }),
        );
        button.classList.toggle('doubtful', doubtful(i));
        const probability = letter === 'Q' ? '' : `, probability ${d.sure[i]} percent`;
        const beat = `${doubtful(i) ? 'perhaps ' : ''}${d.names[letter]} beat`;
        button.setAttribute('aria-label', `${beat} at ${clock(d.times[i] + d.start)}${probability}`);
        button.addEventListener('click', () => choose(i));
        return button;
      }),
  );
}

// The beat nearest to a place on the strip, where one is within half a second.
function beatAt(canvas, event) {
  const time = s.at + (event.clientX - canvas.getBoundingClientRect().left) / pxPerS();
  const after = first(time);
  const distance = (beat) => Math.abs(s.data.times[beat] - time);
  const [nearest] = [after - 1, after]
    .filter((beat) => beat >= 0 && beat < s.data.times.length)
    .sort((one, other) => distance(one) - distance(other));
  return nearest !== undefined && distance(nearest) < 0.5 ? nearest : undefined;
}

function bindDrag(canvas) {
  canvas.addEventListener('pointerdown', (event) => {
    s.drag = { x: event.clientX, at: s.at, moved: 0, t: event.timeStamp, lx: event.clientX };
    s.velocity = 0;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!s.drag) return;
    const moved = event.clientX - s.drag.x;
    const elapsed = Math.max(1, event.timeStamp - s.drag.t);
    s.velocity = ((event.clientX - s.drag.lx) / elapsed) * 1000;
    s.drag.t = event.timeStamp;
    s.drag.lx = event.clientX;
    s.drag.moved = Math.max(s.drag.moved, Math.abs(moved));
    if (s.drag.moved > 4) {
      s.playing = false;
      moveTo(s.drag.at - moved / pxPerS());
    }
  });
  canvas.addEventListener('pointerup', (event) => {
    const drag = s.drag;
    s.drag = null;
    if (!drag) return;
    if (drag.moved <= 4) {
      const beat = beatAt(canvas, event);
      if (beat !== undefined) choose(beat);
    } else {
      s.last = performance.now();
      requestAnimationFrame(tick);
    }
  });
  canvas.addEventListener('pointercancel', () => {
    s.drag = null;
  });
}

function bindWheel(canvas) {
  const scroll = (event) => {
    const sideways = event.shiftKey ? event.deltaY : 0;
    const delta = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : sideways;
    if (!delta) return;
    event.preventDefault();
    moveTo(s.at + delta / pxPerS());
  };
  canvas.addEventListener('wheel', scroll, { passive: false });
}

function bindKeys(canvas) {
  const keys = {
    ArrowLeft: () => moveTo(s.at - 1),
    ArrowRight: () => moveTo(s.at + 1),
    PageUp: () => moveTo(s.at - visible()),
    PageDown: () => moveTo(s.at + visible()),
    Home: () => moveTo(0),
    End: () => moveTo(s.data.duration),
    ' ': () => play(!s.playing),
    n: () => abnormal(1),
    p: () => abnormal(-1),
    Enter: () => choose(Math.min(s.data.times.length - 1, first(s.at + visible() / 2))),
  };
  canvas.addEventListener('keydown', (event) => {
    if (!s.data || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
}

function bind() {
  const canvas = $('.ekg-paper');
  if (!canvas || canvas.dataset.bound) return;
  canvas.dataset.bound = '1';
  bindDrag(canvas);
  bindWheel(canvas);
  bindKeys(canvas);
  const map = $('.ekg-overview');
  const jump = (e) =>
    moveTo(((e.clientX - map.getBoundingClientRect().left) / map.clientWidth) * s.data.duration - visible() / 2);
  map.addEventListener('pointerdown', (e) => {
    map.setPointerCapture(e.pointerId);
    map.dataset.down = '1';
    jump(e);
  });
  map.addEventListener('pointermove', (e) => {
    if (map.dataset.down) jump(e);
  });
  map.addEventListener('pointerup', () => {
    delete map.dataset.down;
  });
  $('.ekg-play').addEventListener('click', () => {
    s.following = false;
    play(!s.playing);
  });
  $('.ekg-back').addEventListener('click', () => moveTo(s.at - visible() * 0.9));
  $('.ekg-on').addEventListener('click', () => moveTo(s.at + visible() * 0.9));
  $('.ekg-previous').addEventListener('click', () => abnormal(-1));
  $('.ekg-next').addEventListener('click', () => abnormal(1));
  $('.ekg-inside').addEventListener('click', () =>
    document.querySelector('#ekg-beat')?.scrollIntoView({ behavior: 'smooth', block: 'center' }),
  );
  $('.ekg-speed').addEventListener('change', (e) => {
    s.speed = Number(e.target.value);
  });
  $('.ekg-filter').addEventListener('change', (e) => {
    s.filter = e.target.value;
    listBeats();
  });
  new ResizeObserver(() => draw()).observe(canvas);
}

function live() {
  let step = null;
  try {
    step = props.live ? JSON.parse(props.live) : null;
  } catch {
    step = null;
  }
  if (!step || !s.data) return;
  if (step.begin !== undefined) {
    s.live = [];
    s.following = true;
    s.speed = 1;
    $('.ekg-speed').value = '1';
    s.at = step.begin - visible() * 0.85;
    s.chosen = -1;
    play(true);
    $('.ekg-viewer').scrollIntoView({ behavior: 'smooth', block: 'nearest' });
    return;
  }
  if (step.end) {
    s.following = false;
    play(false);
    moveTo(s.at);
    return;
  }
  for (const beat of step.beats) s.live.push(beat);
  const drift = step.now - (s.at + visible() * 0.85); // the server keeps the time; the pen follows it
  if (s.playing && Math.abs(drift) > 1.5) s.at += drift;
  draw();
}

watch('value', load);
watch('live', live);
new MutationObserver(() => {
  s.colours = s.sheet = s.whole = null;
  draw();
}).observe(document.body, { attributes: true, attributeFilter: ['class'] });
load();
