// The stage: one state, its controls, and the clock that plays it. `element` and `server` come from gradio.

const SPEEDS = { product: [8, 1], slow: [1, 1], walk: [10, 1], run: [60, 1], line: [4, -1], sweep: [60, 0] }; // ticks a second, places a tick
const SWEEP_S = { 1: 4, 2: 8, 3: 24 }; // seconds for the whole output at the speed "sweep", by dimensions

function startStage(root, server) {
  const get = (name) => root.querySelector(`[data-do="${name}"]`);
  const canvas = Object.fromEntries([...root.querySelectorAll('canvas')].map((c) => [c.dataset.panel, c]));
  const view = { dimensions: 1, place: [0, 0, 0], tap: 0, selected: -1, axes: [], axisNames: ['', '', ''] };
  const scenes = new Map();
  let scene = null, playing = false, asked = '', clock = 0, own = null, drawing = false;

  const options = () => ({ stride: Number(get('stride').value), padding: get('padding').value, dilation: Number(get('dilation').value) });
  const count = () => view.output.length;
  const index = () => (view.place[0] * view.axes[1].size + view.place[1]) * view.axes[2].size + view.place[2];

  function goTo(i, whole = true) {
    const at = Math.max(0, Math.min(count() - 1, i)), [, ay, ax] = view.axes;
    view.place = [Math.floor(at / (ay.size * ax.size)), Math.floor(at / ax.size) % ay.size, at % ax.size];
    view.taps = productsAt(view.input, view.filter, view.axes, view.place);
    let sum = 0;
    view.steps = view.taps.map((t) => (sum += t.product));
    view.tap = whole ? view.taps.length : 0;
    redraw();
  }

  function inputFor(filter) {
    if (scene.name !== 'photo' || filter.shape[0] === 3) return own || scene.inputs[Number(get('photo').value) || 0];
    const colour = own || scene.inputs[Number(get('photo').value) || 0], n = colour.data.length / 3;
    const grey = Float64Array.from({ length: n }, (_, i) => (colour.data[i] + colour.data[n + i] + colour.data[2 * n + i]) / 3);
    return { ...colour, shape: [1, ...colour.shape.slice(1)], data: grey };
  }

  // Everything again after a change of scene, filter or option. `part`: where the window goes, else it stays.
  function remake(part = null) {
    const parts = part || view.place.map((at, i) => at / (view.axes[i].size || 1));
    view.input = inputFor(view.filter);
    view.axes = geometry(view.input.shape, view.filter.shape, options(), view.dimensions);
    view.output = convolve(view.input, view.filter, view.axes);
    view.range = range(view.output);
    get('position').max = count() - 1;
    describe();
    view.reveal = false;
    goTo(at(parts));
  }

  // The place that is these parts of the way along D, H and W.
  function at(parts) {
    const [z, y, x] = parts.map((part, i) => Math.min(view.axes[i].size - 1, Math.round(part * view.axes[i].size)));
    return (z * view.axes[1].size + y) * view.axes[2].size + x;
  }

  function describe() {
    const real = view.axes.slice(3 - view.dimensions), C = view.filter.shape[0];
    const size = (numbers) => numbers.join('×');
    const text = `input ${size([...real.map((a) => a.n), C])} * filter ${size([...real.map((a) => a.f), C])} → output ${size(real.map((a) => a.size))}`;
    get('shape').textContent = text;
    get('formula').textContent = [...new Set(real.map(formula))].join('  ·  ');
    get('note').textContent = view.filter.note || '';
    root.querySelector('[data-note=input]').textContent = size([...real.map((a) => a.n), C]) + (scene.rate ? ` at ${scene.rate} Hz` : '');
    root.querySelector('[data-note=filter]').textContent = size([...real.map((a) => a.f), C]);
    root.querySelector('[data-note=output]').textContent = size(real.map((a) => a.size));
  }

  function tell() {
    const { taps, tap } = view, real = view.place.slice(3 - view.dimensions);
    view.running = tap ? view.steps[tap - 1] : 0;
    const shown = taps.slice(0, tap), part = (t) => `${short(t.value)}·(${short(t.weight)})`;
    const words = shown.length <= 5 ? shown.map(part) : [...shown.slice(0, 3).map(part), '…', part(shown[shown.length - 1])];
    get('words').textContent = words.join(' + ') || 'nothing yet';
    get('total').textContent = view.running.toFixed(4).replace('-', '−');
    get('of').textContent = `${tap} of ${taps.length} products`;
    const names = view.axisNames.slice(3 - view.dimensions);
    const where = names.map((name, i) => `${name} ${real[i] + 1}`).join(', ');
    get('where').textContent = where;
    const position = get('position');
    position.value = index();
    position.setAttribute('aria-valuetext', `${where}: sum ${view.running.toFixed(3)}`);
    root.querySelector('[data-note=slide]').textContent = where;
    Object.assign(root.dataset, { index: index(), tap, sum: view.running, count: count(), scene: scene.name });
    if (!playing) get('live').textContent = `${where}. Sum of ${tap} products: ${view.running.toFixed(3)}`;
    const box = get('weight');
    if (document.activeElement !== box) box.value = view.selected >= 0 ? Number(view.filter.data[view.selected].toFixed(4)) : '';
    box.disabled = view.selected < 0;
  }

  function redraw() {
    if (drawing || !scene) return;
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      if (!root.isConnected || !root.clientWidth || !view.axes.length) return;
      tell();
      const tints = colours(root), flat = view.dimensions === 1;
      (flat ? drawSignalInput : drawPlaneInput)(canvas.input, view, tints);
      (flat ? drawSignalOutput : drawPlaneOutput)(canvas.output, view, tints);
      drawFilter(canvas.filter, view, tints);
      drawSlide(canvas.slide, view, tints);
      drawSum(canvas.sum, view, tints);
    });
  }

  function say(text) {
    get('live').textContent = text;
    get('shape').textContent = text;
    get('formula').textContent = '';
  }

  // One tick of the clock, or one press of "step": a product at that speed, else a place or several.
  function advance(direction = 1, places = 1) {
    const slow = get('speed').value === 'product', last = view.taps.length;
    if (slow && direction > 0 && view.tap < last) { view.tap += 1; return redraw(); }
    if (slow && direction < 0 && view.tap > 0) { view.tap -= 1; return redraw(); }
    const next = index() + direction * places;
    if (next >= count()) { play(false); return goTo(count() - 1); }
    return goTo(next, !slow || direction < 0);
  }

  function play(on) {
    playing = on;
    const button = get('play');
    button.textContent = on ? '❚❚ Pause' : '▶ Play';
    button.setAttribute('aria-pressed', String(on));
    if (!on) return redraw();
    view.reveal = true;
    if (index() === count() - 1) goTo(0, get('speed').value !== 'product');
    clock = performance.now();
    return requestAnimationFrame(tick);
  }

  function tick(now) {
    if (!playing || !root.isConnected || !root.clientWidth) { playing = false; return; }
    const [rate, places] = SPEEDS[get('speed').value], due = Math.floor(((now - clock) / 1000) * rate);
    if (due > 0) {
      clock += (due * 1000) / rate;
      const sweep = Math.max(1, Math.round(count() / (SWEEP_S[view.dimensions] * rate)));
      const [, ay, ax] = view.axes, line = view.dimensions === 3 ? ay.size * ax.size : view.dimensions === 2 ? ax.size : 3;
      if (places < 0) view.reveal = view.dimensions < 3;
      advance(1, Math.min(due, 30) * (places < 0 ? line : places || sweep));
    }
    requestAnimationFrame(tick);
  }

  function choose(i) {
    const from = scene.filters[i];
    view.filter = { shape: from.shape, data: from.weights.slice(), note: from.note };
    view.selected = -1;
    root.dataset.own = '';
    view.own = false;
  }

  // The visitor's own weight: the filter becomes his, and the output follows at once.
  function set(i, value) {
    if (i < 0 || i >= view.filter.data.length || !Number.isFinite(value)) return;
    view.filter.data[i] = Math.max(-10, Math.min(10, value));
    view.filter.note = 'Your own filter.';
    view.selected = i;
    view.own = true;
    if (!root.dataset.own) {
      root.dataset.own = 'yes';
      get('filter').value = 'own';
    }
    remake();
  }

  function fill(select, entries) {
    select.replaceChildren(...entries.map(([value, text]) => Object.assign(document.createElement('option'), { value, textContent: text })));
  }

  function decode(entry) {
    if (entry.values) return { ...entry, data: Float64Array.from(entry.values) };
    const raw = atob(entry.base64);
    return { ...entry, data: Float64Array.from(raw, (c) => c.charCodeAt(0) / entry.scale) };
  }

  async function open(name) {
    asked = name;
    play_off();
    for (const button of root.querySelectorAll('[data-scene-button]')) button.setAttribute('aria-pressed', String(button.dataset.sceneButton === name));
    if (!scenes.has(name)) {
      root.classList.add('cx-wait');
      try {
        const sent = await server.scene(name);
        scenes.set(name, { ...sent, inputs: sent.inputs.map(decode) });
      } catch (error) {
        return say('This scene could not be fetched. Is the hub still running? Press its button to try again.');
      } finally {
        root.classList.remove('cx-wait');
      }
    }
    if (asked !== name) return null;
    scene = scenes.get(name);
    own = null;
    view.dimensions = scene.dimensions;
    view.axisNames = scene.axes;
    view.output = null;
    root.dataset.dims = scene.dimensions;
    fill(get('filter'), [...scene.filters.map((f, i) => [String(i), f.title]), ['own', 'Your own']]);
    fill(get('photo'), scene.inputs.map((input, i) => [String(i), input.title]));
    get('size').replaceChildren(...[['', 'as it is']].concat((scene.dimensions === 1 ? [1, 3, 5, 7, 9, 15, 31] : scene.dimensions === 2 ? [1, 3, 5, 7] : [1, 3, 5]).map((n) => [String(n), String(n)])).map(([value, textContent]) => Object.assign(document.createElement('option'), { value, textContent })));
    get('speed').value = ['walk', 'sweep', 'line'][scene.dimensions - 1];
    choose(0);
    return remake(scene.start);
  }

  function play_off() {
    if (playing) play(false);
  }

  function move(canvasPanel, event) {
    const box = canvasPanel.getBoundingClientRect(), px = event.clientX - box.left, py = event.clientY - box.top, place = [...view.place];
    const axis = (i, value) => { place[i] = Math.max(0, Math.min(view.axes[i].size - 1, Math.round(value))); };
    const centred = (i, value) => axis(i, (value + view.axes[i].before - (view.axes[i].d * (view.axes[i].f - 1)) / 2) / view.axes[i].s);
    if (view.dimensions === 1) centred(2, along(view, box.width).at(px));
    else if (canvasPanel === canvas.output) {
      const area = outputBox(view, box.width);
      axis(1, (py - area.y) / area.unit - 0.5);
      axis(2, (px - area.x) / area.unit - 0.5);
    } else {
      const boxes = inputBoxes(view, box.width);
      if (view.dimensions === 3 && py > boxes[0].h + 20) {
        const below = strip(view, box.width, boxes[0].h + 26), i = below.findIndex((b) => px >= b.x && px <= b.x + b.w + 3 && py >= b.y && py <= b.y + b.h + 3);
        if (i < 0) return;
        centred(0, i);
        play_off();
        goTo((place[0] * view.axes[1].size + place[1]) * view.axes[2].size + place[2]);
        return;
      }
      const hit = boxes.find((b) => px <= b.x + b.w) || boxes[boxes.length - 1];
      centred(1, (py - hit.y) / hit.unit - view.axes[1].before - 0.5);
      centred(2, (px - hit.x) / hit.unit - view.axes[2].before - 0.5);
    }
    play_off();
    view.reveal = false;
    goTo((place[0] * view.axes[1].size + place[1]) * view.axes[2].size + place[2]);
  }

  function edit(event) {
    const box = canvas.filter.getBoundingClientRect(), spot = layout(view, box.width, FILTER_TALL[view.dimensions]);
    const px = event.clientX - box.left, py = event.clientY - box.top;
    if (spot.bars) {
      const n = view.filter.data.length, i = Math.max(0, Math.min(n - 1, Math.floor(((px - 1) / spot.bars.w) * n)));
      const [low, high] = range(view.filter.data), most = edit.most || (edit.most = Math.max(high, -low, 0.5) * (root.dataset.own ? 1 : 1.2));
      const value = Math.round(((50 - py) / 48) * most * 100) / 100, from = edit.last || { i, value };
      for (let k = Math.min(i, from.i) + 1; k < Math.max(i, from.i); k++) { // a quick finger passes over bars unseen
        view.filter.data[k] = Math.round((from.value + ((value - from.value) * (k - from.i)) / (i - from.i)) * 100) / 100;
      }
      edit.last = { i, value };
      return set(i, value);
    }
    const p = spot.boxes.findIndex((b) => px >= b.x && px <= b.x + b.w && py <= b.h);
    if (p < 0) return null;
    const b = spot.boxes[p], row = Math.min(Math.floor(py / b.cell), b.h / b.cell - 1), column = Math.min(Math.floor((px - b.x) / b.cell), spot.columns - 1);
    view.selected = p * spot.size + Math.floor(row) * spot.columns + column;
    return redraw();
  }

  async function ownPhoto(file) {
    const picture = await createImageBitmap(file).catch(() => null);
    if (!picture) return say('Your browser cannot read this picture. Choose a JPEG or PNG.');
    const n = scene.inputs[0].shape[3], side = Math.min(picture.width, picture.height), sheet = sheetOf(n, n), g = sheet.getContext('2d');
    g.imageSmoothingQuality = 'high';
    g.drawImage(picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, n, n);
    const rgba = g.getImageData(0, 0, n, n).data, data = new Float64Array(3 * n * n);
    for (let i = 0; i < n * n; i++) for (let c = 0; c < 3; c++) data[c * n * n + i] = rgba[4 * i + c] / 255;
    own = { title: 'Yours', shape: [3, 1, n, n], data };
    return remake();
  }

  const KEYS = { ArrowLeft: [2, -1], ArrowRight: [2, 1], ArrowUp: [1, -1], ArrowDown: [1, 1], PageUp: [0, -1], PageDown: [0, 1] };
  function steer(event) {
    const [i, by] = KEYS[event.key] || [];
    if (i === undefined) return;
    event.preventDefault();
    play_off();
    const place = [...view.place];
    place[i] = Math.max(0, Math.min(view.axes[i].size - 1, place[i] + by));
    goTo((place[0] * view.axes[1].size + place[1]) * view.axes[2].size + place[2]);
  }

  function tune(event) {
    const n = view.filter.data.length, by = { ArrowUp: 0.05, ArrowDown: -0.05 }[event.key], to = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined && to === undefined) return;
    event.preventDefault();
    if (to) { view.selected = (Math.max(view.selected, 0) + to + n) % n; redraw(); }
    else if (view.selected >= 0) set(view.selected, Math.round((view.filter.data[view.selected] + by) * 100) / 100);
  }

  function drag(target, act) {
    let held = false;
    target.addEventListener('pointerdown', (event) => { held = true; edit.most = 0; edit.last = null; target.setPointerCapture(event.pointerId); act(event); });
    target.addEventListener('pointermove', (event) => { if (held) act(event); });
    for (const end of ['pointerup', 'pointercancel']) target.addEventListener(end, () => { held = false; });
  }

  const on = (name, type, act) => get(name).addEventListener(type, act);
  for (const button of root.querySelectorAll('[data-scene-button]')) button.addEventListener('click', () => open(button.dataset.sceneButton));
  on('filter', 'change', (event) => { if (event.target.value === 'own') set(Math.max(0, view.selected), view.filter.data[Math.max(0, view.selected)]); else { choose(Number(event.target.value)); get('size').value = ''; remake(); } });
  on('size', 'change', (event) => { if (!event.target.value) return; Object.assign(view.filter, resized(view.filter, Number(event.target.value), view.dimensions)); set(0, view.filter.data[0]); });
  for (const name of ['stride', 'padding', 'dilation']) on(name, 'change', () => remake());
  on('photo', 'change', () => { own = null; remake(); });
  on('file', 'change', (event) => { if (event.target.files[0]) ownPhoto(event.target.files[0]); });
  on('play', 'click', () => play(!playing));
  on('back', 'click', () => { play_off(); advance(-1); });
  on('next', 'click', () => { play_off(); advance(1); });
  on('first', 'click', () => { play_off(); goTo(0, get('speed').value !== 'product'); });
  on('last', 'click', () => { play_off(); goTo(count() - 1); });
  on('position', 'input', (event) => { play_off(); goTo(Number(event.target.value)); });
  on('weight', 'change', (event) => set(view.selected, Number(event.target.value)));
  for (const panel of ['input', 'output']) {
    drag(canvas[panel], (event) => move(canvas[panel], event));
    canvas[panel].addEventListener('keydown', steer);
  }
  drag(canvas.filter, edit);
  canvas.filter.addEventListener('keydown', tune);
  new ResizeObserver(() => redraw()).observe(root);
  new MutationObserver(() => redraw()).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  root.stage = { state: () => ({ ...view, options: options(), scene: scene && scene.name }), goTo, set };
  open('signal');
}

startStage(element.querySelector('.cx'), server);
