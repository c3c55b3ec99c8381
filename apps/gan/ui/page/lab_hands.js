// What the visitor's hands do: the form, the buttons, and the drawing of points by pointer or keyboard.

const MASK = 120; // cells along a side of the sheet, of which a drawing marks some
const BRUSH = 0.05; // of the sheet's width
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const WHOLE = ['d_updates', 'g_updates', 'seed', 'layers_d', 'layers_g', 'neurons_d', 'neurons_g'];

class Hands {
  constructor(stage) {
    this.stage = stage;
    this.painted = new Set();
    this.brush = [0, 0]; // where the keyboard's brush is
    this.base = LAB.rules;
  }

  field(name) {
    return this.stage.root.querySelector(`[data-rule="${name}"]`);
  }

  // A field's value; what is out of its range is brought back, and shown so.
  number(name) {
    const input = this.field(name);
    const [low, high] = [Number(input.min), Number(input.max)];
    const given = input.value === '' ? Number.NaN : Number(input.value);
    let value = Number.isFinite(given) ? Math.min(Math.max(given, low), high) : Number(input.defaultValue);
    if (WHOLE.includes(name)) value = Math.round(value);
    if (value !== given) input.value = value;
    return value;
  }

  rules() {
    const hidden = (player) => Array(this.number(`layers_${player}`)).fill(this.number(`neurons_${player}`));
    const chosen = ['shape', 'noise', 'loss', 'optimizer_d', 'optimizer_g'];
    const numbers = ['lr_d', 'lr_g', 'd_updates', 'g_updates', 'r1', 'seed'];
    return {
      ...this.base,
      ...Object.fromEntries(chosen.map((name) => [name, this.field(name).value])),
      ...Object.fromEntries(numbers.map((name) => [name, this.number(name)])),
      hidden_d: hidden('d'),
      hidden_g: hidden('g'),
    };
  }

  fill(rules) {
    this.base = rules;
    for (const [name, value] of Object.entries(rules)) if (this.field(name)) this.field(name).value = value;
    for (const player of ['d', 'g']) {
      const hidden = rules[`hidden_${player}`];
      this.field(`layers_${player}`).value = hidden.length;
      if (hidden.length) this.field(`neurons_${player}`).value = hidden[0];
    }
  }

  begin() {
    const rules = this.rules();
    const draws = rules.shape === 'drawn';
    this.stage.root.classList.toggle('lab-drawing', draws);
    this.stage.begin(rules, Number(this.field('start').value));
  }

  choosePreset(name) {
    this.fill(LAB.presets[name].rules);
    this.stage.say(LAB.presets[name].watch);
    this.begin();
  }

  bindForm() {
    const { stage } = this;
    const fresh = ['shape', 'noise', 'layers_d', 'layers_g', 'neurons_d', 'neurons_g', 'seed', 'start'];
    for (const name of fresh) this.field(name).addEventListener('change', () => this.begin());
    const live = ['loss', 'lr_d', 'lr_g', 'd_updates', 'g_updates', 'optimizer_d', 'optimizer_g', 'r1'];
    for (const name of live)
      this.field(name).addEventListener('change', () => {
        const rules = this.rules();
        if (name === 'loss') stage.say(LAB.losses[rules.loss]);
        if (!stage.game) return;
        stage.finish();
        stage.game.change(rules);
        stage.redraw();
      });
    this.field('preset').addEventListener('change', (event) => this.choosePreset(event.target.value));
    for (const box of stage.root.querySelectorAll('[data-numbers] details'))
      box.addEventListener('toggle', () => stage.redraw());
    for (const box of stage.root.querySelectorAll('[data-layer]')) box.addEventListener('change', () => stage.redraw());
  }

  bindButtons() {
    const { stage } = this;
    const acts = {
      play: () => stage.play(!stage.playing),
      round: () => stage.act('round'),
      'step-d': () => stage.act('d'),
      'step-g': () => stage.act('g'),
      new: () => {
        stage.say(LAB.presets[this.field('preset').value].watch);
        this.begin();
      },
      morph_now: () => stage.startMorph(),
      clear: () => {
        this.painted.clear();
        this.take();
      },
      slow: () => this.turnSlow(),
      next: () => {
        stage.setPlaying(false);
        stage.next();
        stage.redraw();
      },
    };
    for (const [name, act] of Object.entries(acts)) stage.get(name).addEventListener('click', act);
    stage.get('morph').addEventListener('input', (event) => {
      stage.morph = Number(event.target.value) / 100;
      stage.morphBegan = 0;
      stage.redraw();
    });
  }

  turnSlow() {
    const { stage } = this;
    const slow = !stage.isSlow();
    stage.get('slow').setAttribute('aria-pressed', String(slow));
    stage.get('next').disabled = !slow;
    if (!slow) {
      stage.finish();
      stage.redraw();
    }
  }

  // Mark the cells under the brush at a place of the sheet.
  dab(x, y) {
    const reach = (BRUSH / 2) * MASK;
    const [column, row] = [((x + 1) / 2) * MASK, ((1 - y) / 2) * MASK];
    for (let down = Math.floor(row - reach); down <= row + reach; down++)
      for (let across = Math.floor(column - reach); across <= column + reach; across++)
        if (Math.hypot(across + 0.5 - column, down + 0.5 - row) <= reach && this.isInside(across, down))
          this.painted.add(down * MASK + across);
  }

  isInside(across, down) {
    return Math.min(across, down) >= 0 && Math.max(across, down) < MASK;
  }

  // The drawing as places; a new game is played with it.
  take() {
    this.show();
    this.begin();
  }

  show() {
    const { stage } = this;
    stage.drawing = [...this.painted].flatMap((cell) => [
      (2 * ((cell % MASK) + 0.5)) / MASK - 1,
      1 - (2 * (Math.floor(cell / MASK) + 0.5)) / MASK,
    ]);
    stage.game = null;
    stage.setPlaying(false);
  }

  bindSheet() {
    const { canvas } = this.stage.sheet;
    let last = null;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(2 * (event.clientX - box.left)) / box.width - 1, 1 - (2 * (event.clientY - box.top)) / box.height];
    };
    const isDrawn = () => this.field('shape').value === 'drawn';
    const stroke = (event) => {
      const here = place(event);
      const steps = last ? Math.ceil(Math.hypot(here[0] - last[0], here[1] - last[1]) / BRUSH) + 1 : 1;
      for (let step = 1; step <= steps; step++) {
        const share = step / steps;
        const [x, y] = here.map((value, axis) => (last ? last[axis] + share * (value - last[axis]) : value));
        this.dab(x, y);
      }
      last = here;
      this.show();
    };
    canvas.addEventListener('pointerdown', (event) => {
      if (!isDrawn()) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      last = null;
      stroke(event);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (last) stroke(event);
    });
    for (const end of ['pointerup', 'pointercancel'])
      canvas.addEventListener(end, () => {
        if (last) this.take();
        last = null;
      });
    canvas.addEventListener('keydown', (event) => this.steer(event, isDrawn() && document.activeElement === canvas));
  }

  // Space plays, the right arrow plays a round (in slow motion a step of it), with Shift ten.
  steerGame(event) {
    const { stage } = this;
    if (event.key === ' ') stage.play(!stage.playing);
    else if (event.key !== 'ArrowRight') return;
    else if (stage.isSlow()) stage.get('next').click();
    else for (let rounds = event.shiftKey ? 10 : 1; rounds; rounds--) stage.act('round');
    event.preventDefault();
  }

  steer(event, isDrawn) {
    const move = MOVES[event.key];
    if (!isDrawn) this.steerGame(event);
    if (!isDrawn || (!move && event.key !== ' ')) return;
    event.preventDefault();
    const step = event.shiftKey ? 0.2 : BRUSH;
    if (move) this.brush = this.brush.map((at, axis) => Math.min(Math.max(at + step * move[axis], -1), 1));
    else {
      this.dab(...this.brush);
      this.take();
    }
    const [x, y] = this.brush;
    const cursor = this.stage.get('cursor');
    Object.assign(cursor.style, { left: `${50 * (x + 1)}%`, top: `${50 * (1 - y)}%` });
    cursor.hidden = false;
  }
}

function startLab(root) {
  const stage = new Stage(root);
  const hands = new Hands(stage);
  hands.bindForm();
  hands.bindButtons();
  hands.bindSheet();
  const look = () => {
    stage.palette = paletteOf(root);
    stage.redraw();
  };
  new ResizeObserver(() => stage.redraw()).observe(root);
  new MutationObserver(look).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  root.stage = stage;
  openAsked(hands, props.asked ?? {});
  window.hubLinks?.tell(element, () => toldOf(hands));
  window.hubLinks?.give(element, () => givenOf(stage));
}

startLab(element.querySelector('.lab'));
