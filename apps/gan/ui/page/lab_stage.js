// The stage of the game: what is shown, the clock that plays it, and what it says.

const SLOW_MS = 1250; // of a step in slow motion
const BUDGET_MS = 8; // of a frame for playing; the rest is for drawing: 20 frames a second on a phone
const AHEAD_MS = 28; // ... while rounds are played ahead, when little is drawn
const REST = 6; // frames from one drawing of the thumbnails and curves to the next
const MORPH_MS = 1600;
const CALM_MS = 250; // between two pictures for those who ask for little motion

class Stage {
  constructor(root) {
    this.root = root;
    this.sheet = new Sheet(root.querySelector('[data-sheet="main"]'));
    const thumbnails = [...root.querySelectorAll('[data-sheet]')].filter((one) => one.dataset.sheet !== 'main');
    this.thumbnails = Object.fromEntries(thumbnails.map((one) => [one.dataset.sheet, new Sheet(one)]));
    this.calm = window.matchMedia('(prefers-reduced-motion: reduce)');
    this.palette = paletteOf(root);
    this.drawing = []; // places, flat
    this.playing = false;
    this.morph = 1; // 0: noise, 1: what G makes of it
    this.frames = 0;
    this.owed = 0; // rounds
    this.clock = 0; // ms of the last frame
    this.waiting = false; // whether a frame was asked for
  }

  get(name) {
    return this.root.querySelector(`[data-do="${name}"]`);
  }

  // A new game under `rules`, `ahead` rounds of which are played at once; null while there is no drawing.
  begin(rules, ahead = 0) {
    this.turns = this.step = null;
    this.morph = 1;
    this.get('morph').value = 100;
    const waits = rules.shape === 'drawn' && this.drawing.length < 40;
    this.game = waits ? null : new Game(rules, Float64Array.from(this.drawing));
    const skipped = ahead >= LAB.warm_up && this.game?.skipAhead() ? LAB.warm_up : 0;
    this.ahead = waits ? 0 : ahead - skipped;
    this.floor = this.game?.floor();
    this.nodes = noiseNodes(rules.noise);
    if (waits) this.say('Draw the real points on the sheet: with a finger, the mouse, or arrow keys and space bar.');
    else this.game.measure();
    if (skipped && !this.ahead) this.sayTrained();
    this.setPlaying(false);
  }

  say(text, warning = false) {
    const words = this.get('words');
    if (words.textContent !== text) words.textContent = text;
    words.classList.toggle('lab-warning', warning);
  }

  play(on = true) {
    if (on && !this.game) {
      this.say('Draw some strokes on the sheet first, then press Play.', true);
      return;
    }
    this.setPlaying(on && this.game?.isFinite());
  }

  setPlaying(on) {
    this.playing = Boolean(on);
    if (!on && !this.step) this.finish(); // nobody looks at half a round, except in slow motion
    this.get('play').textContent = this.playing ? '❚❚ Pause' : '▶ Play';
    this.get('play').setAttribute('aria-pressed', String(this.playing));
    this.owed = 0;
    this.clock = performance.now();
    this.label();
    this.redraw();
  }

  isSlow() {
    return this.get('slow').getAttribute('aria-pressed') === 'true';
  }

  // One step of slow motion; a new round where the last one is over.
  next() {
    if (!this.game) return;
    if (!this.step) this.finish();
    this.turns ||= slowRound(this.game);
    const { value, done } = this.turns.next();
    if (done) {
      this.turns = this.step = null;
      if (this.game.rules.d_updates + this.game.rules.g_updates) this.next();
      return;
    }
    this.step = value;
    this.say(value.text);
    this.check();
  }

  // What is left of a round that was begun.
  finish() {
    if (!this.turns) return;
    while (!this.turns.next().done);
    this.turns = this.step = null;
  }

  act(what) {
    this.setPlaying(false);
    if (!this.game) return;
    this.finish();
    if (what === 'round') this.game.round();
    else this.game.step(what);
    this.check();
    this.label();
    this.redraw();
  }

  // Whether the game goes on; one that has diverged stops and says what to change.
  check() {
    if (this.game.isFinite()) return true;
    const { lr_d, lr_g, d_updates } = this.game.rules;
    this.turns = this.step = null;
    this.ahead = 0;
    const many = d_updates > 1 ? ` and D’s updates in a round (${d_updates})` : '';
    this.say(
      `The game has diverged: in round ${this.game.rounds} a loss or a weight grew without bound, so nothing can be ` +
        `learned from here on. Lower the learning rates (D ${lr_d}, G ${lr_g}; 0.003 is a good start)${many}, then ` +
        'press New game.',
      true,
    );
    this.setPlaying(false);
    return false;
  }

  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame((now) => this.frame(now));
  }

  frame(now) {
    this.waiting = false;
    if (!this.root.isConnected) return;
    if (this.root.offsetParent === null) {
      if (this.playing || this.ahead) setTimeout(() => this.redraw(), 300); // another tab of the page is open
      return;
    }
    if (this.ahead) this.playAhead();
    else if (this.playing) this.advance(now);
    const moving = this.moveMorph(now);
    const calm = this.calm.matches && this.playing && now - (this.shown || 0) < CALM_MS;
    if (!calm) {
      this.shown = now;
      this.draw(!this.playing || this.frames % REST === 0);
    }
    this.frames += 1;
    if (this.playing || this.ahead || moving) this.redraw();
  }

  advance(now) {
    const passed = now - this.clock;
    if (this.isSlow()) {
      if (passed < SLOW_MS && this.step) return;
      if (!this.step) this.finish();
      this.clock = now;
      this.next();
      return;
    }
    if (this.step) this.finish();
    this.clock = now;
    const rate = Number(this.get('speed').value); // rounds a second
    this.owed = Math.min(this.owed + (rate * passed) / 1000, Math.max(1, rate / 10));
    const ends = performance.now() + BUDGET_MS;
    while (this.owed >= 1 && performance.now() < ends) {
      this.turns ||= this.game.updates();
      if (!this.turns.next().done) continue;
      this.turns = null;
      this.owed -= 1;
    }
    this.check();
  }

  playAhead() {
    const ends = performance.now() + AHEAD_MS;
    while (this.ahead && performance.now() < ends && this.game.isFinite()) {
      this.game.round();
      this.ahead -= 1;
    }
    if (!this.check()) return;
    // by hundreds: a screen reader says each change
    if (this.ahead) this.say(`Training ahead: ${100 * Math.ceil(this.ahead / 100)} rounds to go.`);
    else {
      this.sayTrained();
      this.label();
    }
  }

  sayTrained() {
    this.say(`Trained for ${this.game.rounds} rounds. Press Play to go on.`);
  }

  startMorph() {
    if (!this.game) return;
    if (this.calm.matches) this.morph = this.morph < 1 ? 1 : 0;
    else this.morphBegan = performance.now();
    this.get('morph').value = 100 * this.morph;
    this.redraw();
  }

  moveMorph(now) {
    if (!this.morphBegan) return false;
    const share = Math.min(Math.max((now - this.morphBegan) / MORPH_MS, 0), 1);
    this.morph = share * share * (3 - 2 * share);
    this.get('morph').value = 100 * this.morph;
    if (share >= 1) this.morphBegan = 0;
    return true;
  }

  shows(layer) {
    return this.root.querySelector(`[data-layer="${layer}"]`).checked;
  }

  // What there is to see of the game now; in slow motion, of the batch at hand. What is not shown is not worked out,
  // unless `everything` is wanted.
  picture(everything) {
    const { game } = this;
    const wanted = (name, make) => (everything || this.shows(name) ? make() : null);
    const batch = this.step?.number ? game.batch : null;
    const z = batch?.z || game.z;
    const fake = batch ? game.fakes(z) : game.fakes(game.z);
    return {
      latent: game.latent,
      noise: noiseOnSheet(z, game.latent),
      nodes: noiseOnSheet(this.nodes, game.latent),
      manifold: wanted('manifold', () => game.fakes(this.nodes)),
      real: batch?.real || game.real,
      fake,
      field: wanted('field', () => game.field()),
      pull: wanted('pull', () => game.pull(fake)),
    };
  }

  draw(everything) {
    this.get('rounds').textContent = this.game ? this.game.rounds.toLocaleString('en') : '0';
    if (!this.game) {
      this.sheet.draw({ real: Float64Array.from(this.drawing) }, this.palette);
      return;
    }
    if (!this.game.isFinite()) {
      this.sheet.draw({ real: this.game.real }, this.palette);
      return;
    }
    const found = this.picture(everything);
    const shown = (name, value) => (this.shows(name) ? value : null);
    const fake = morphed(found.noise, found.fake, this.morph);
    const arrows = this.step?.number ? this.step.pull : this.morph === 1;
    this.sheet.draw(
      {
        latent: found.latent,
        field: shown('field', found.field),
        manifold: shown('manifold', found.manifold && morphed(found.nodes, found.manifold, this.morph)),
        real: shown('real', found.real),
        fake: shown('fake', fake),
        pull: arrows && this.shows('fake') ? shown('pull', found.pull) : null,
      },
      this.palette,
    );
    if (everything) drawOverview(this, found);
  }

  // What the sheet shows, for those who do not see it.
  label() {
    const rounds = this.game ? this.game.rounds : 0;
    const state = this.playing ? 'playing' : this.game && !this.game.isFinite() ? 'diverged' : 'paused';
    const shown = `${SHOWN} real and ${SHOWN} generated points on the sheet`;
    const text = `Round ${rounds}, ${state}: ${shown}; Space plays, → a round`;
    this.sheet.canvas.setAttribute('aria-label', text);
    Object.assign(this.root.dataset, { state });
  }
}

// The boxes of the overview, the losses and the curves.
function drawOverview(stage, found) {
  const { game, palette, thumbnails, step } = stage;
  for (const box of stage.root.querySelectorAll('[data-box]'))
    box.classList.toggle('lab-lit', Boolean(step?.lit.includes(box.dataset.box)));
  thumbnails.noise.draw({ fake: found.noise }, { ...palette, fake: palette.manifold });
  thumbnails.g.draw({ manifold: found.manifold, latent: found.latent }, palette);
  thumbnails.fakes.draw({ fake: found.fake }, palette);
  thumbnails.real.draw({ real: found.real }, palette);
  thumbnails.d.draw({ field: found.field }, palette);
  const { loss } = game.rules;
  const both = game.d.array('judged', found.real.length + found.fake.length);
  both.set(found.real);
  both.set(found.fake, found.real.length);
  const chances = realness(loss, game.scores(both));
  const judged = { real: chances.subarray(0, found.real.length / 2), fake: chances.subarray(found.real.length / 2) };
  const rows = ['real', 'fake'].map((kind) => ({ chances: judged[kind], colour: palette[kind] }));
  drawStrip(stage.get('strip'), palette, rows);
  const called = (kind) => percent(judged[kind].filter((chance) => chance > 0.5).length / judged[kind].length);
  stage.get('called').textContent = `called real: ${called('real')} of the real, ${called('fake')} of the fakes`;
  for (const player of ['d', 'g']) stage.get(`loss-${player}`).textContent = short(game.losses[player]);
  const { curves } = game;
  const { real, fake } = palette;
  const [forD, forG] = [
    { points: curves.d.points, colour: real },
    { points: curves.g.points, colour: fake, dash: [5, 3] },
  ];
  drawCurves(stage.get('losses'), palette, [forD, forG]);
  writeNumbers(stage.root.querySelector('[data-numbers="losses"]'), game, [forD, forG]);
  const [kl, js] = [
    { points: curves.kl.points, colour: palette.ink, dash: [2, 3] },
    { points: curves.js.points, colour: palette.pull },
  ];
  drawCurves(stage.get('divergences'), palette, [kl, js], 0);
  writeNumbers(stage.root.querySelector('[data-numbers="divergences"]'), game, [kl, js]);
  stage.get('kl').textContent = short(curves.kl.points.at(-1));
  stage.get('js').textContent = short(curves.js.points.at(-1));
  stage.get('floor').textContent = `KL ${short(stage.floor.kl)}, JS ${short(stage.floor.js)}`;
}
