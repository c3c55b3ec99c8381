// Random numbers that are the same everywhere for the same seed, and the points and noise made of them:
// apps/gan/lab/dice.py in JavaScript. Points are flat arrays: x, y, x, y ...

const WORD = 2 ** 32;
const GOLDEN = 0x9e3779b9;
const JITTER = 0.01; // of the points of a drawing

function mixed(value) {
  let bits = value >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}

class Dice {
  constructor(seed, purpose) {
    this.key = mixed(mixed(seed) + Math.imul(purpose, GOLDEN));
    this.thrown = 0;
  }

  uniform(count) {
    const drawn = new Float64Array(count);
    for (let at = 0; at < count; at++) drawn[at] = mixed(this.key + Math.imul(this.thrown + at, GOLDEN)) / WORD;
    this.thrown += count;
    return drawn;
  }

  normal(count) {
    const radius = this.uniform(count);
    const angle = this.uniform(count);
    return radius.map((share, at) => Math.sqrt(-2 * Math.log1p(-share)) * Math.cos(2 * Math.PI * angle[at]));
  }
}

// Points from their places on a curve, each moved by a little normal noise.
function scattered(count, dice, spread, place) {
  const moved = dice.normal(2 * count);
  const points = new Float64Array(2 * count);
  for (let at = 0; at < count; at++) {
    const [x, y] = place(at);
    points[2 * at] = x + spread * moved[2 * at];
    points[2 * at + 1] = y + spread * moved[2 * at + 1];
  }
  return points;
}

const SAMPLERS = {
  ring(count, dice) {
    const angle = dice.uniform(count);
    const radius = dice.normal(count).map((value) => 0.65 + 0.03 * value);
    const points = new Float64Array(2 * count);
    for (let at = 0; at < count; at++) {
      points[2 * at] = radius[at] * Math.cos(2 * Math.PI * angle[at]);
      points[2 * at + 1] = radius[at] * Math.sin(2 * Math.PI * angle[at]);
    }
    return points;
  },
  gaussians(count, dice) {
    const angle = dice.uniform(count).map((value) => (Math.floor(value * 8) * Math.PI) / 4);
    return scattered(count, dice, 0.04, (at) => [0.65 * Math.cos(angle[at]), 0.65 * Math.sin(angle[at])]);
  },
  spiral(count, dice) {
    const along = dice.uniform(count).map(Math.sqrt);
    return scattered(count, dice, 0.02, (at) => {
      const [angle, radius] = [along[at] * 3 * Math.PI, 0.1 + 0.7 * along[at]];
      return [radius * Math.cos(angle), radius * Math.sin(angle)];
    });
  },
  'two lines'(count, dice) {
    const along = dice.uniform(count).map((value) => value * 1.2 - 0.6);
    const side = dice.uniform(count).map((value) => Math.floor(value * 2) * 0.7 - 0.35);
    return scattered(count, dice, 0.02, (at) => [along[at], 0.4 * along[at] + side[at]]);
  },
};

// Points of a drawing, `places`: flat.
function fromDrawing(places, count, dice) {
  const chosen = dice.uniform(count).map((value) => Math.floor((value * places.length) / 2));
  return scattered(count, dice, JITTER, (at) => [places[2 * chosen[at]], places[2 * chosen[at] + 1]]);
}

// `kind`: uniform-1, uniform-2, gaussian-1 or gaussian-2; the number is the length of a latent vector.
function latentLength(kind) {
  return Number(kind.slice(-1));
}

function drawNoise(kind, count, dice) {
  const length = count * latentLength(kind);
  if (kind.startsWith('uniform')) return dice.uniform(length).map((value) => value * 2 - 1);
  return dice.normal(length).map((value) => LAB.gaussian * value);
}
