// The stage: its state, its scenes, the clock that plays it, and what it says. `element` and `server` are gradio’s.

// ticks a second, and places a tick: -1 is a row or a slice, 0 as many as a sweep needs
const SPEEDS = { product: [8, 1], slow: [1, 1], walk: [10, 1], run: [60, 1], line: [4, -1], sweep: [60, 0] };
const SWEEP_S = { 1: 4, 2: 8, 3: 24 }; // seconds for all of the output at the speed "sweep", by dimensions
const SIZES = { 1: [1, 3, 5, 7, 9, 15, 31], 2: [1, 3, 5, 7], 3: [1, 3, 5] }; // of a filter, by dimensions
const FIRST_SPEED = { 1: 'walk', 2: 'sweep', 3: 'line' };
const MOST_WEIGHT = 10; // of the visitor's own filter, either sign

function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}

function fill(select, entries) {
  const option = ([value, text]) => Object.assign(document.createElement('option'), { value, textContent: text });
  select.replaceChildren(...entries.map(option));
}

function decode(entry) {
  if (entry.values) return { ...entry, data: Float64Array.from(entry.values) };
  const raw = atob(entry.base64);
  return { ...entry, data: Float64Array.from(raw, (character) => character.charCodeAt(0) / entry.scale) };
}

// A photo (3, 1, H, W) as the mean of its colours (1, 1, H, W), for filters of one channel.
function grey(colour) {
  const count = colour.data.length / 3;
  const mean = (_, i) => (colour.data[i] + colour.data[count + i] + colour.data[2 * count + i]) / 3;
  return { ...colour, shape: [1, ...colour.shape.slice(1)], data: Float64Array.from({ length: count }, mean) };
}

class Stage {
  constructor(root) {
    this.root = root;
    this.canvas = Object.fromEntries([...root.querySelectorAll('canvas')].map((one) => [one.dataset.panel, one]));
    this.view = { dimensions: 1, place: [0, 0, 0], tap: 0, selected: -1, axes: [], axisNames: ['', '', ''] };
    this.scenes = new Map();
    this.scene = null;
    this.asked = ''; // the scene that was asked for last
    this.own = null; // the visitor's own photo
    this.playing = false;
    this.clock = 0; // ms: when the last tick was due
    this.drawing = false;
  }

  get(name) {
    return this.root.querySelector(`[data-do="${name}"]`);
  }

  options() {
    const number = (name) => Number(this.get(name).value);
    return { stride: number('stride'), padding: this.get('padding').value, dilation: number('dilation') };
  }

  state() {
    return { ...this.view, options: this.options(), scene: this.scene?.name };
  }

  count() {
    return this.view.output.length;
  }

  indexOf([z, y, x]) {
    const [, rows, columns] = this.view.axes;
    return (z * rows.size + y) * columns.size + x;
  }

  // The place that lies so far, 0 to 1, along D, H and W.
  indexAlong(parts) {
    const { axes } = this.view;
    return this.indexOf(parts.map((part, axis) => Math.min(axes[axis].size - 1, Math.round(part * axes[axis].size))));
  }

  index() {
    return this.indexOf(this.view.place);
  }

  byProduct() {
    return this.get('speed').value === 'product';
  }

  // The window to the place with this index; `done`: all of its products are summed up.
  goTo(index, done = true) {
    const { view } = this;
    const [, rows, columns] = view.axes;
    const at = clamp(index, 0, this.count() - 1);
    view.place = [
      Math.floor(at / (rows.size * columns.size)),
      Math.floor(at / columns.size) % rows.size,
      at % columns.size,
    ];
    view.taps = productsAt(view.input, view.filter, view.axes, view.place);
    let sum = 0;
    view.steps = view.taps.map((tap) => {
      sum += tap.product;
      return sum;
    });
    view.tap = done ? view.taps.length : 0;
    this.redraw();
  }

  inputFor(filter) {
    const chosen = this.own || this.scene.inputs[Number(this.get('photo').value) || 0];
    return this.scene.name !== 'photo' || filter.shape[0] === 3 ? chosen : grey(chosen);
  }

  // Everything again after a change of scene, filter or option. `parts`: how far along D, H and W the window goes.
  remake(parts = null) {
    const { view } = this;
    const along = parts || view.place.map((at, axis) => at / (view.axes[axis].size || 1));
    view.input = this.inputFor(view.filter);
    view.axes = geometry(view.input.shape, view.filter.shape, this.options(), view.dimensions);
    view.output = convolve(view.input, view.filter, view.axes);
    view.range = range(view.output);
    view.reveal = false;
    this.get('position').max = this.count() - 1;
    this.describe();
    this.goTo(this.indexAlong(along));
  }

  note(panel, text) {
    this.root.querySelector(`[data-note=${panel}]`).textContent = text;
  }

  describe() {
    const real = this.view.axes.slice(3 - this.view.dimensions);
    const channels = this.view.filter.shape[0];
    const size = (key) => [...real.map((axis) => axis[key]), ...(key === 'size' ? [] : [channels])].join('×');
    this.get('shape').textContent = `input ${size('n')} * filter ${size('f')} → output ${size('size')}`;
    this.get('formula').textContent = [...new Set(real.map(formula))].join('  ·  ');
    this.get('note').textContent = this.view.filter.note || '';
    this.note('input', size('n') + (this.scene.rate ? ` at ${this.scene.rate} Hz` : ''));
    this.note('filter', size('f'));
    this.note('output', size('size'));
  }

  // What the panels show, in words and numbers.
  describePlace() {
    const { view } = this;
    view.running = view.tap ? view.steps[view.tap - 1] : 0;
    const product = (tap) => `${short(tap.value)}·(${short(tap.weight)})`;
    const shown = view.taps.slice(0, view.tap).map(product);
    const words = shown.length <= 5 ? shown : [...shown.slice(0, 3), '…', shown[shown.length - 1]];
    this.get('words').textContent = words.join(' + ') || 'nothing yet';
    this.get('total').textContent = view.running.toFixed(4).replace('-', '−');
    this.get('of').textContent = `${view.tap} of ${view.taps.length} products`;
    const real = view.place.slice(3 - view.dimensions);
    const names = view.axisNames.slice(3 - view.dimensions);
    const where = names.map((name, axis) => `${name} ${real[axis] + 1}`).join(', ');
    this.get('where').textContent = where;
    this.note('slide', where);
    const position = this.get('position');
    position.value = this.index();
    position.setAttribute('aria-valuetext', `${where}: sum ${view.running.toFixed(3)}`);
    const data = { index: this.index(), tap: view.tap, sum: view.running, count: this.count(), scene: this.scene.name };
    Object.assign(this.root.dataset, data);
    const sum = `${where}. Sum of ${view.tap} products: ${view.running.toFixed(3)}`;
    if (!this.playing) this.get('live').textContent = sum;
    const box = this.get('weight');
    const weight = view.selected >= 0 ? Number(view.filter.data[view.selected].toFixed(4)) : '';
    if (document.activeElement !== box) box.value = weight;
    box.disabled = view.selected < 0;
  }

  redraw() {
    if (this.drawing || !this.scene) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      if (this.root.isConnected && this.root.clientWidth && this.view.axes.length) this.draw();
    });
  }

  draw() {
    const { canvas, view } = this;
    this.describePlace();
    const tints = colours(this.root);
    const flat = view.dimensions === 1;
    (flat ? drawSignalInput : drawPlaneInput)(canvas.input, view, tints);
    (flat ? drawSignalOutput : drawPlaneOutput)(canvas.output, view, tints);
    drawFilter(canvas.filter, view, tints);
    drawSlide(canvas.slide, view, tints);
    drawSum(canvas.sum, view, tints);
  }

  say(text) {
    this.get('live').textContent = text;
    this.get('shape').textContent = text;
    this.get('formula').textContent = '';
  }

  // One tick of the clock, or one press of "step": a product at that speed, else one or more places.
  advance(direction = 1, places = 1) {
    const { view } = this;
    if (!view.axes.length) return;
    const byProduct = this.byProduct();
    if (byProduct && (direction > 0 ? view.tap < view.taps.length : view.tap > 0)) {
      view.tap += direction;
      return this.redraw();
    }
    const next = this.index() + direction * places;
    if (next >= this.count()) {
      this.play(false);
      return this.goTo(this.count() - 1);
    }
    return this.goTo(next, !byProduct || direction < 0);
  }

  play(on) {
    if (!this.view.axes.length) return; // the scene is on its way
    this.playing = on;
    const button = this.get('play');
    button.textContent = on ? '❚❚ Pause' : '▶ Play';
    button.setAttribute('aria-pressed', String(on));
    if (!on) return this.redraw();
    this.view.reveal = true;
    if (this.index() === this.count() - 1) this.goTo(0, !this.byProduct());
    this.clock = performance.now();
    return requestAnimationFrame((now) => this.tick(now));
  }

  pause() {
    if (this.playing) this.play(false);
  }

  tick(now) {
    if (!this.playing || !this.root.isConnected || !this.root.clientWidth) {
      this.playing = false;
      return;
    }
    const [rate, places] = SPEEDS[this.get('speed').value];
    const due = Math.floor(((now - this.clock) / 1000) * rate);
    if (due > 0) {
      this.clock += (due * 1000) / rate;
      this.advance(1, Math.min(due, 30) * this.placesOf(places, rate));
    }
    requestAnimationFrame((next) => this.tick(next));
  }

  placesOf(places, rate) {
    const { view } = this;
    if (places > 0) return places;
    if (places === 0) return Math.max(1, Math.round(this.count() / (SWEEP_S[view.dimensions] * rate)));
    const [, rows, columns] = view.axes;
    view.reveal = view.dimensions < 3;
    return { 1: 3, 2: columns.size, 3: rows.size * columns.size }[view.dimensions];
  }

  choose(number) {
    const from = this.scene.filters[number];
    this.view.filter = { shape: from.shape, data: from.weights.slice(), note: from.note };
    this.view.selected = -1;
    this.view.own = false;
    this.root.dataset.own = '';
  }

  // The visitor's own weight: the filter becomes the visitor's, and the output follows at once.
  set(place, value) {
    const { view } = this;
    if (place < 0 || place >= view.filter.data.length || !Number.isFinite(value)) return;
    view.filter.data[place] = clamp(value, -MOST_WEIGHT, MOST_WEIGHT);
    view.filter.note = 'Your own filter.';
    view.selected = place;
    view.own = true;
    if (!this.root.dataset.own) {
      this.root.dataset.own = 'yes';
      this.get('filter').value = 'own';
    }
    this.remake();
  }

  async open(name) {
    this.asked = name;
    this.pause();
    for (const button of this.root.querySelectorAll('[data-scene-button]'))
      button.setAttribute('aria-pressed', String(button.dataset.sceneButton === name));
    if (!this.scenes.has(name) && !(await this.fetch(name))) return;
    if (this.asked === name) this.show(this.scenes.get(name));
  }

  // Whether the scene's data came; they are asked for once.
  async fetch(name) {
    this.root.classList.add('cx-wait');
    try {
      const sent = await server.scene(name);
      this.scenes.set(name, { ...sent, inputs: sent.inputs.map(decode) });
      return true;
    } catch {
      this.say('This scene could not be fetched. Is the hub still running? Press its button to try again.');
      return false;
    } finally {
      this.root.classList.remove('cx-wait');
    }
  }

  show(scene) {
    const { view } = this;
    const { dimensions } = scene;
    this.scene = scene;
    this.own = null;
    Object.assign(view, { dimensions, axisNames: scene.axes, output: null });
    this.root.dataset.dims = dimensions;
    const numbered = (items) => items.map((item, number) => [String(number), item.title]);
    fill(this.get('filter'), [...numbered(scene.filters), ['own', 'Your own']]);
    fill(this.get('photo'), numbered(scene.inputs));
    fill(this.get('size'), [['', 'as it is'], ...SIZES[dimensions].map((size) => [String(size), String(size)])]);
    this.get('speed').value = FIRST_SPEED[dimensions];
    this.choose(0);
    this.remake(scene.start);
  }

  async showPhoto(file) {
    const picture = await createImageBitmap(file).catch(() => null);
    if (!picture) {
      this.say('Your browser cannot read this picture. Choose a JPEG or PNG.');
      return;
    }
    const side = this.scene.inputs[0].shape[3];
    const square = Math.min(picture.width, picture.height);
    const paper = sheetOf(side, side).getContext('2d');
    paper.imageSmoothingQuality = 'high';
    const [left, top] = [(picture.width - square) / 2, (picture.height - square) / 2];
    paper.drawImage(picture, left, top, square, square, 0, 0, side, side);
    const rgba = paper.getImageData(0, 0, side, side).data;
    const plane = side * side;
    const data = Float64Array.from(
      { length: 3 * plane },
      (_, i) => rgba[4 * (i % plane) + Math.floor(i / plane)] / 255,
    );
    this.own = { title: 'Yours', shape: [3, 1, side, side], data };
    this.remake();
  }
}
