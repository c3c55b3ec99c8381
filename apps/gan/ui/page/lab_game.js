// The game: losses, updates, and what there is to see of it. apps/gan/lab/game.py is its reference, and says more.

const FIELD = 30; // D's opinion is asked on a grid of FIELD x FIELD points
const SHOWN = 160; // points of each kind that are drawn
const CELLS = 16; // along a side of the grid on which divergences are measured
const MEASURED = 1000; // points of each kind for them
const MEASURE_EVERY = 25; // rounds
const PENALTY = 0.1; // weight of the gradient penalty
const CURVE = 400; // points of a curve at most
const PURPOSES = { weightsG: 0, weightsD: 1, play: 2, shown: 3, measure: 4 }; // of the dice

const softplus = (score) => Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score)));
const sigmoid = (score) => 1 / (1 + Math.exp(-score));
const LOG = {
  real: [(score) => softplus(-score), (score) => sigmoid(score) - 1],
  fake: [softplus, sigmoid],
};
// By loss: what D pays for a real point and for a fake, what G pays for a fake; each with its slope.
const COSTS = {
  'non-saturating': { ...LOG, g: LOG.real },
  minimax: { ...LOG, g: [(score) => -softplus(score), (score) => -sigmoid(score)] },
  'least-squares': {
    real: [(score) => 0.5 * (score - 1) ** 2, (score) => score - 1],
    fake: [(score) => 0.5 * score ** 2, (score) => score],
    g: [(score) => 0.5 * (score - 1) ** 2, (score) => score - 1],
  },
  wasserstein: {
    real: [(score) => -score, () => -1],
    fake: [(score) => score, () => 1],
    g: [(score) => -score, () => -1],
  },
};

// Scores as how real D finds the points, 0..1. A critic's values have no zero of their own: above the mean is real.
function realness(loss, scores) {
  if (loss === 'least-squares') return scores.map((score) => Math.min(Math.max(score, 0), 1));
  if (loss !== 'wasserstein') return scores.map(sigmoid);
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  return scores.map((score) => sigmoid(score - mean));
}

// A curve of any length in at most CURVE points, each the mean of equally many values.
class Curve {
  constructor() {
    this.points = [];
    this.stride = 1;
    this.held = [];
    this.count = 0;
  }

  add(value) {
    this.count += 1;
    this.held.push(value);
    if (this.held.length < this.stride) return;
    this.points.push(this.held.reduce((sum, one) => sum + one, 0) / this.stride);
    this.held = [];
    if (this.points.length < CURVE) return;
    this.points = this.points.flatMap((one, at) => (at % 2 ? [(one + this.points[at - 1]) / 2] : []));
    this.stride *= 2;
  }
}

function relativeEntropy(shares, others) {
  return shares.reduce((sum, share, at) => sum + share * Math.log2(share / others[at]), 0);
}

// Shares of the points in each cell of the sheet, with half a point added to every cell.
function sharesOf(points) {
  const counts = new Float64Array(CELLS * CELLS).fill(0.5);
  const cell = (value) => Math.min(Math.max(Math.floor(((value + 1) / 2) * CELLS), 0), CELLS - 1);
  for (let at = 0; at < points.length; at += 2) counts[cell(points[at + 1]) * CELLS + cell(points[at])] += 1;
  const total = points.length / 2 + counts.length / 2;
  return counts.map((count) => count / total);
}

// KL(real, fake) and JS, in bits.
function divergences(real, fake) {
  const [shares, others] = [sharesOf(real), sharesOf(fake)];
  const middle = shares.map((share, at) => (share + others[at]) / 2);
  return {
    kl: relativeEntropy(shares, others),
    js: (relativeEntropy(shares, middle) + relativeEntropy(others, middle)) / 2,
  };
}

class Game {
  // drawing: places, flat, if rules.shape is "drawn".
  constructor(rules, drawing = null) {
    this.rules = { ...rules };
    this.drawing = drawing;
    const { seed } = rules;
    this.latent = latentLength(rules.noise);
    this.g = new Network([this.latent, ...rules.hidden_g, 2], new Dice(seed, PURPOSES.weightsG));
    this.d = new Network([2, ...rules.hidden_d, 1], new Dice(seed, PURPOSES.weightsD));
    this.optimizers = { d: new Optimizer(this.d, rules.optimizer_d), g: new Optimizer(this.g, rules.optimizer_g) };
    this.dice = new Dice(seed, PURPOSES.play);
    const shown = new Dice(seed, PURPOSES.shown);
    this.real = this.sample(SHOWN, shown);
    this.z = this.noise(SHOWN, shown);
    this.rounds = this.since = 0; // those before `since` were played elsewhere
    this.losses = { d: NaN, g: NaN };
    this.steps = { d: 0, g: 0 };
    this.curves = { d: new Curve(), g: new Curve(), kl: new Curve(), js: new Curve() };
    this.batch = null; // of the update that was prepared last
  }

  // Go on from a trained start (apps/gan/lab/starts.py); whether there is one of these very rules.
  skipAhead() {
    const rules = JSON.stringify(this.rules);
    const name = Object.keys(LAB.presets).find((one) => JSON.stringify(LAB.presets[one].rules) === rules);
    if (!LAB.starts[name]) return false;
    const bytes = Uint8Array.from(atob(LAB.starts[name]), (letter) => letter.charCodeAt(0));
    const levels = new Int16Array(bytes.buffer);
    let at = 0;
    for (const part of this.weights())
      for (let cell = 0; cell < part.length; cell++) part[cell] = levels[at++] / LAB.scale;
    this.rounds = this.since = LAB.warm_up;
    return true;
  }

  // Go on under other rules; what would need a new game stays.
  change(rules) {
    for (const player of ['d', 'g']) {
      const kind = rules[`optimizer_${player}`];
      if (kind !== this.rules[`optimizer_${player}`]) this.optimizers[player] = new Optimizer(this[player], kind);
    }
    const { shape, noise, hidden_d, hidden_g, seed } = this.rules;
    this.rules = { ...rules, shape, noise, hidden_d, hidden_g, seed };
  }

  sample(count, dice = this.dice) {
    const { shape } = this.rules;
    return shape === 'drawn' ? fromDrawing(this.drawing, count, dice) : SAMPLERS[shape](count, dice);
  }

  noise(count, dice = this.dice) {
    return drawNoise(this.rules.noise, count, dice);
  }

  fakes(z) {
    const count = z.length / this.latent;
    return this.g.forward(z, count).at(-1).slice();
  }

  scores(points) {
    return this.d.forward(points, points.length / 2).at(-1);
  }

  // Draw a batch and find D's loss and slopes, without moving D yet.
  prepareD() {
    const { batch, loss, r1 } = this.rules;
    const real = this.sample(batch);
    const z = this.noise(batch);
    const fake = this.fakes(z);
    const both = this.d.array('both', 4 * batch);
    both.set(real);
    both.set(fake, 2 * batch);
    const values = this.d.forward(both, 2 * batch);
    const scores = values.at(-1).slice();
    const { real: forReal, fake: forFake } = COSTS[loss];
    let sum = 0;
    const slope = scores.map((score, at) => {
      const [cost, slopeOf] = at < batch ? forReal : forFake;
      sum += cost(score);
      return slopeOf(score) / batch;
    });
    this.d.forget();
    this.d.collect(values, this.d.slopes(values, slope, 2 * batch), 2 * batch);
    if (loss === 'wasserstein') this.payForSlope(real, fake, this.dice.uniform(batch));
    if (r1) this.d.penalize(real, batch, () => r1 / batch);
    this.batch = { player: 'd', z, real, fake, scores };
    return this.note('d', sum / batch);
  }

  // Gulrajani's penalty at places between fakes and real points.
  payForSlope(real, fake, mix) {
    const between = fake.map((value, at) => value + mix[at >> 1] * (real[at] - value));
    this.d.penalize(between, mix.length, (length) => (2 * PENALTY * (length - 1)) / (length * mix.length));
  }

  // Draw noise and find G's loss and slopes through D, without moving G yet.
  prepareG() {
    const { batch, loss } = this.rules;
    const z = this.noise(batch);
    const made = this.g.forward(z, batch);
    const values = this.d.forward(made.at(-1), batch);
    const [cost, slopeOf] = COSTS[loss].g;
    const scores = values.at(-1).slice();
    const slope = scores.map((score) => slopeOf(score) / batch);
    const atFakes = this.d.slopes(values, slope, batch)[0];
    this.g.forget();
    this.g.collect(made, this.g.slopes(made, atFakes, batch), batch);
    this.batch = { player: 'g', z, real: null, fake: made.at(-1).slice(), scores };
    return this.note('g', scores.reduce((sum, score) => sum + cost(score), 0) / batch);
  }

  note(player, loss) {
    this.losses[player] = loss;
    this.steps[player] += 1;
    if (Number.isFinite(loss)) this.curves[player].add(loss);
    return loss;
  }

  // Move a player as its slopes say.
  apply(player) {
    this.optimizers[player].step(this.rules[`lr_${player}`]);
  }

  step(player) {
    const loss = player === 'd' ? this.prepareD() : this.prepareG();
    this.apply(player);
    return loss;
  }

  round() {
    for (const _ of this.updates());
  }

  // A round, update by update.
  *updates() {
    for (let update = 0; update < this.rules.d_updates; update++) yield this.step('d');
    for (let update = 0; update < this.rules.g_updates; update++) yield this.step('g');
    this.count();
  }

  count() {
    this.rounds += 1;
    if (this.rounds % MEASURE_EVERY === 1) this.measure();
  }

  // The divergences of fresh points, which are always the same: only G moves them.
  measure() {
    const dice = new Dice(this.rules.seed, PURPOSES.measure);
    const real = this.sample(MEASURED, dice);
    const found = divergences(real, this.fakes(this.noise(MEASURED, dice)));
    for (const name of ['kl', 'js']) if (Number.isFinite(found[name])) this.curves[name].add(found[name]);
    return found;
  }

  // How far two samples of the real points are from each other: what no generator can go below.
  floor() {
    const dice = new Dice(this.rules.seed, PURPOSES.measure);
    return divergences(this.sample(MEASURED, dice), this.sample(MEASURED, dice));
  }

  // How real D finds each place of a grid, 0..1, row 0 on top.
  field() {
    const points = this.d.array('field', 2 * FIELD * FIELD);
    for (let at = 0; at < FIELD * FIELD; at++) {
      points[2 * at] = (2 * (at % FIELD)) / (FIELD - 1) - 1;
      points[2 * at + 1] = 1 - (2 * Math.floor(at / FIELD)) / (FIELD - 1);
    }
    return realness(this.rules.loss, this.scores(points));
  }

  // Minus the slope of G's loss at each of `fakes`, per point.
  pull(fakes) {
    const count = fakes.length / 2;
    const values = this.d.forward(fakes, count);
    const slope = values.at(-1).map(COSTS[this.rules.loss].g[1]);
    return this.d.slopes(values, slope, count)[0].map((value) => -value);
  }

  isFinite() {
    const losses = ['d', 'g'].filter((player) => this.steps[player]).map((player) => this.losses[player]);
    return losses.every(Number.isFinite) && this.weights().every((part) => part.every(Number.isFinite));
  }

  weights() {
    return [this.g, this.d].flatMap((network) => network.layers.flatMap((layer) => [layer.weight, layer.bias]));
  }
}
