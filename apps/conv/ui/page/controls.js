// What the visitor's hands do on the stage: pointers and keys on the panels, the form above them.

const KEYS = {
  ArrowLeft: [2, -1],
  ArrowRight: [2, 1],
  ArrowUp: [1, -1],
  ArrowDown: [1, 1],
  PageUp: [0, -1],
  PageDown: [0, 1],
}; // axis and step of the window
const TUNE = { ArrowUp: 0.05, ArrowDown: -0.05 }; // step of a weight
const CHOOSE = { ArrowLeft: -1, ArrowRight: 1 }; // step between weights

function hundredths(value) {
  return Math.round(value * 100) / 100;
}

function pointIn(panel, event) {
  const box = panel.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top, width: box.width };
}

class Controls {
  constructor(stage) {
    this.stage = stage;
    this.stroke = {}; // of the finger on the filter: the scale of the bars, and the last bar it touched
  }

  moveTo(place) {
    const { stage } = this;
    stage.pause();
    stage.view.reveal = false;
    stage.goTo(stage.indexOf(place));
  }

  // `place` with the window along `axis` at `value`, or centred on it.
  along(place, axis, value) {
    place[axis] = clamp(Math.round(value), 0, this.stage.view.axes[axis].size - 1);
  }

  centred(place, axis, value) {
    const { before, d, f, s } = this.stage.view.axes[axis];
    this.along(place, axis, (value + before - (d * (f - 1)) / 2) / s);
  }

  pointAtOutput(event) {
    const { view, canvas } = this.stage;
    const point = pointIn(canvas.output, event);
    const place = [...view.place];
    if (view.dimensions === 1) this.centred(place, 2, along(view, point.width).at(point.x));
    else {
      const area = outputBox(view, point.width);
      this.along(place, 1, (point.y - area.y) / area.unit - 0.5);
      this.along(place, 2, (point.x - area.x) / area.unit - 0.5);
    }
    this.moveTo(place);
  }

  pointAtInput(event) {
    const { view, canvas } = this.stage;
    const point = pointIn(canvas.input, event);
    const place = [...view.place];
    if (view.dimensions === 1) this.centred(place, 2, along(view, point.width).at(point.x));
    else {
      const boxes = inputBoxes(view, point.width);
      if (view.dimensions === 3 && point.y > boxes[0].h + 20) {
        const slice = this.sliceAt(point, boxes[0].h + 26);
        if (slice < 0) return;
        this.centred(place, 0, slice);
      } else {
        const box = boxes.find((one) => point.x <= one.x + one.w) || boxes[boxes.length - 1];
        this.centred(place, 1, (point.y - box.y) / box.unit - view.axes[1].before - 0.5);
        this.centred(place, 2, (point.x - box.x) / box.unit - view.axes[2].before - 0.5);
      }
    }
    this.moveTo(place);
  }

  // Which of the small slices is under the pointer, or -1.
  sliceAt(point, top) {
    const gap = 3; // px between slices
    const inside = (box) =>
      point.x >= box.x && point.x <= box.x + box.w + gap && point.y >= box.y && point.y <= box.y + box.h + gap;
    return strip(this.stage.view, point.width, top).findIndex(inside);
  }

  pointAtFilter(event) {
    const { view, canvas } = this.stage;
    const point = pointIn(canvas.filter, event);
    const spot = layout(view, point.width, FILTER_TALL[view.dimensions]);
    if (spot.bars) this.drawBar(point, spot.bars);
    else this.chooseCell(point, spot);
  }

  drawBar(point, bars) {
    const { stage, stroke } = this;
    const { data } = stage.view.filter;
    const place = clamp(Math.floor(((point.x - 1) / bars.w) * data.length), 0, data.length - 1);
    const [low, high] = range(data);
    stroke.most ||= Math.max(high, -low, 0.5) * (stage.root.dataset.own ? 1 : 1.2);
    const value = hundredths(((50 - point.y) / 48) * stroke.most);
    const from = stroke.last || { place, value };
    const [first, last] = [Math.min(place, from.place), Math.max(place, from.place)];
    for (let bar = first + 1; bar < last; bar++) {
      // a quick finger passes over bars unseen
      data[bar] = hundredths(from.value + ((value - from.value) * (bar - from.place)) / (place - from.place));
    }
    stroke.last = { place, value };
    stage.set(place, value);
  }

  chooseCell(point, spot) {
    const inside = (box) => point.x >= box.x && point.x <= box.x + box.w && point.y <= box.h;
    const plane = spot.boxes.findIndex(inside);
    if (plane < 0) return;
    const box = spot.boxes[plane];
    const row = Math.floor(Math.min(Math.floor(point.y / box.cell), box.h / box.cell - 1));
    const column = Math.min(Math.floor((point.x - box.x) / box.cell), spot.columns - 1);
    this.stage.view.selected = plane * spot.size + row * spot.columns + column;
    this.stage.redraw();
  }

  steer(event) {
    if (event.key === ' ') {
      event.preventDefault();
      this.stage.play(!this.stage.playing);
    }
    const [axis, step] = KEYS[event.key] || [];
    const { stage } = this;
    if (axis === undefined || !stage.view.axes.length) return;
    event.preventDefault();
    const place = [...stage.view.place];
    place[axis] = clamp(place[axis] + step, 0, stage.view.axes[axis].size - 1);
    stage.pause();
    stage.goTo(stage.indexOf(place));
  }

  tune(event) {
    const { view } = this.stage;
    const { data } = view.filter;
    const step = TUNE[event.key];
    const next = CHOOSE[event.key];
    if (step === undefined && next === undefined) return;
    event.preventDefault();
    if (next) {
      view.selected = (Math.max(view.selected, 0) + next + data.length) % data.length;
      this.stage.redraw();
    } else if (view.selected >= 0) this.stage.set(view.selected, hundredths(data[view.selected] + step));
  }

  drag(panel, act) {
    let held = false;
    panel.addEventListener('pointerdown', (event) => {
      held = true;
      this.stroke = {};
      panel.setPointerCapture(event.pointerId);
      act(event);
    });
    panel.addEventListener('pointermove', (event) => {
      if (held) act(event);
    });
    for (const end of ['pointerup', 'pointercancel'])
      panel.addEventListener(end, () => {
        held = false;
      });
  }

  bindPanels() {
    const { canvas } = this.stage;
    this.drag(canvas.input, (event) => this.pointAtInput(event));
    this.drag(canvas.output, (event) => this.pointAtOutput(event));
    this.drag(canvas.filter, (event) => this.pointAtFilter(event));
    for (const panel of [canvas.input, canvas.output]) panel.addEventListener('keydown', (event) => this.steer(event));
    canvas.filter.addEventListener('keydown', (event) => this.tune(event));
  }

  on(name, type, act) {
    this.stage.get(name).addEventListener(type, (event) => act(event.target));
  }

  bindForm() {
    const { stage } = this;
    for (const button of stage.root.querySelectorAll('[data-scene-button]'))
      button.addEventListener('click', () => stage.open(button.dataset.sceneButton));
    this.on('filter', 'change', (select) => this.takeFilter(select.value));
    this.on('size', 'change', (select) => {
      if (!select.value) return;
      Object.assign(stage.view.filter, resized(stage.view.filter, Number(select.value), stage.view.dimensions));
      stage.set(0, stage.view.filter.data[0]);
    });
    for (const name of ['stride', 'padding', 'dilation']) this.on(name, 'change', () => stage.remake());
    this.on('photo', 'change', () => {
      stage.own = null;
      stage.remake();
    });
    this.on('file', 'change', (input) => {
      if (input.files[0]) stage.showPhoto(input.files[0]);
    });
    this.on('weight', 'change', (input) => stage.set(stage.view.selected, Number(input.value)));
  }

  takeFilter(value) {
    const { stage } = this;
    if (value === 'own') {
      const place = Math.max(0, stage.view.selected);
      stage.set(place, stage.view.filter.data[place]);
      return;
    }
    stage.choose(Number(value));
    stage.get('size').value = '';
    stage.remake();
  }

  bindPlayer() {
    const { stage } = this;
    this.on('play', 'click', () => stage.play(!stage.playing));
    const moves = {
      back: () => stage.advance(-1),
      next: () => stage.advance(1),
      first: () => stage.goTo(0, !stage.byProduct()),
      last: () => stage.goTo(stage.count() - 1),
    };
    for (const [name, act] of Object.entries(moves))
      this.on(name, 'click', () => {
        stage.pause();
        act();
      });
    this.on('position', 'input', (slider) => {
      stage.pause();
      stage.goTo(Number(slider.value));
    });
  }
}

function startStage(root) {
  const stage = new Stage(root);
  const controls = new Controls(stage);
  controls.bindPanels();
  controls.bindForm();
  controls.bindPlayer();
  new ResizeObserver(() => stage.redraw()).observe(root);
  new MutationObserver(() => stage.redraw()).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  root.stage = stage;
  openAsked(stage, props.asked ?? {});
  window.hubLinks?.tell(element, () => toldOf(stage));
  window.hubLinks?.give(element, () => givenOf(stage));
}

startStage(element.querySelector('.cx'));
