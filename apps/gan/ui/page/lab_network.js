// A small fully connected network with leaky rectifiers, its derivatives by hand, and two ways to descend.
// Arrays are flat: the values of the first point, those of the second, and so on.

const LEAK = 0.2; // slope of the rectifiers below 0
const MOMENTUM = 0.5; // Adam's
const MEMORY = 0.99;
const TINY = 1e-8;

// The three products of a layer, each in blocks of four, which keeps the processor busy where a plain loop waits for
// its own sums. Weights: (outputs, inputs).

// after = before * weightsᵀ + bias; a point's values after a layer.
function weighted({ inputs, outputs, weight }, before, count, after, bias) {
  for (let point = 0; point < count; point++) {
    const from = point * inputs;
    const to = point * outputs;
    let row = 0;
    for (; row + 3 < outputs; row += 4) {
      const first = row * inputs;
      let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
      if (bias) [sum0, sum1, sum2, sum3] = [bias[row], bias[row + 1], bias[row + 2], bias[row + 3]];
      for (let at = 0, cell = first; at < inputs; at++, cell++) {
        const value = before[from + at];
        sum0 += weight[cell] * value;
        sum1 += weight[cell + inputs] * value;
        sum2 += weight[cell + 2 * inputs] * value;
        sum3 += weight[cell + 3 * inputs] * value;
      }
      after[to + row] = sum0;
      after[to + row + 1] = sum1;
      after[to + row + 2] = sum2;
      after[to + row + 3] = sum3;
    }
    for (; row < outputs; row++) {
      let sum = bias ? bias[row] : 0;
      for (let at = 0, cell = row * inputs; at < inputs; at++, cell++) sum += weight[cell] * before[from + at];
      after[to + row] = sum;
    }
  }
}

// before = after * weights; what the slopes after a layer are before it.
function sentBack({ inputs, outputs, weight }, after, count, before) {
  before.fill(0);
  for (let point = 0; point < count; point++) {
    const from = point * outputs;
    const to = point * inputs;
    let row = 0;
    for (; row + 3 < outputs; row += 4) {
      const [slope0, slope1] = [after[from + row], after[from + row + 1]];
      const [slope2, slope3] = [after[from + row + 2], after[from + row + 3]];
      for (let at = 0, cell = row * inputs; at < inputs; at++, cell++)
        before[to + at] +=
          slope0 * weight[cell] +
          slope1 * weight[cell + inputs] +
          slope2 * weight[cell + 2 * inputs] +
          slope3 * weight[cell + 3 * inputs];
    }
    for (; row < outputs; row++)
      for (let at = 0, cell = row * inputs; at < inputs; at++, cell++)
        before[to + at] += after[from + row] * weight[cell];
  }
}

// weightSlope += afterᵀ * before, biasSlope += sums of after; what all points say about a layer.
function collected({ inputs, outputs, weightSlope, biasSlope }, before, after, count, bias) {
  let point = 0;
  for (; point + 3 < count; point += 4) {
    const from = point * inputs;
    for (let row = 0; row < outputs; row++) {
      const place = point * outputs + row;
      const [slope0, slope1] = [after[place], after[place + outputs]];
      const [slope2, slope3] = [after[place + 2 * outputs], after[place + 3 * outputs]];
      if (bias) biasSlope[row] += slope0 + slope1 + slope2 + slope3;
      for (let at = from, cell = row * inputs; at < from + inputs; at++, cell++)
        weightSlope[cell] +=
          slope0 * before[at] +
          slope1 * before[at + inputs] +
          slope2 * before[at + 2 * inputs] +
          slope3 * before[at + 3 * inputs];
    }
  }
  for (; point < count; point++)
    for (let row = 0; row < outputs; row++) {
      const slope = after[point * outputs + row];
      if (bias) biasSlope[row] += slope;
      for (let at = 0, cell = row * inputs; at < inputs; at++, cell++)
        weightSlope[cell] += slope * before[point * inputs + at];
    }
}

class Network {
  // sizes: inputs, widths of the hidden layers, outputs.
  constructor(sizes, dice) {
    this.layers = sizes.slice(1).map((outputs, at) => {
      const inputs = sizes[at];
      const scale = Math.sqrt(2 / inputs);
      return {
        inputs,
        outputs,
        last: at === sizes.length - 2,
        weight: dice.normal(outputs * inputs).map((value) => scale * value),
        bias: new Float64Array(outputs),
        weightSlope: new Float64Array(outputs * inputs),
        biasSlope: new Float64Array(outputs),
      };
    });
    this.room = new Map(); // arrays that are used again, by what they are for and their length
  }

  array(purpose, length) {
    const key = `${purpose} ${length}`;
    if (!this.room.has(key)) this.room.set(key, new Float64Array(length));
    return this.room.get(key);
  }

  // The values of all layers for `points`, inputs first; valid until the next pass over as many points.
  forward(points, count) {
    const values = [points];
    this.layers.forEach((layer, at) => {
      const after = this.array(`values ${at}`, count * layer.outputs);
      weighted(layer, values[at], count, after, layer.bias);
      if (!layer.last) for (let i = 0; i < after.length; i++) if (!(after[i] > 0)) after[i] *= LEAK;
      values.push(after);
    });
    return values;
  }

  // Slopes at the outputs -> slopes at the values of all layers, those at the inputs first.
  slopes(values, outputSlope, count) {
    const found = [outputSlope];
    for (let at = this.layers.length - 1; at >= 0; at--) {
      const before = this.array(`slopes ${at}`, count * this.layers[at].inputs);
      sentBack(this.layers[at], found[0], count, before);
      if (at > 0) for (let i = 0; i < before.length; i++) if (!(values[at][i] > 0)) before[i] *= LEAK;
      found.unshift(before);
    }
    return found;
  }

  forget() {
    for (const layer of this.layers) {
      layer.weightSlope.fill(0);
      layer.biasSlope.fill(0);
    }
  }

  // Add what the slopes say about weights to the sums; `bias`: about biases, too.
  collect(values, slopes, count, bias = true) {
    this.layers.forEach((layer, at) => {
      collected(layer, values[at], slopes[at + 1], count, bias);
    });
  }

  // How all layers' values move when the inputs move by `direction`, with the rectifiers as they are in `values`.
  tangents(values, direction, count) {
    const found = [direction];
    this.layers.forEach((layer, at) => {
      const after = this.array(`tangents ${at}`, count * layer.outputs);
      weighted(layer, found[at], count, after, null);
      if (!layer.last) for (let i = 0; i < after.length; i++) if (!(values[at + 1][i] > 0)) after[i] *= LEAK;
      found.push(after);
    });
    return found;
  }

  // Add the slopes of a penalty on how steep the only output is at `points`. `pull` gives, for a slope at a point
  // and its length, by how much the penalty grows with that slope, as a factor of it. The rectifiers have no
  // curvature: the penalty's slope at a weight is what comes back to it times how its input moves along the pull.
  penalize(points, count, pull) {
    const values = this.forward(points, count);
    const slopes = this.slopes(values, this.array('ones', count).fill(1), count);
    const steep = slopes[0];
    const direction = this.array('direction', steep.length);
    const { inputs } = this.layers[0];
    for (let point = 0; point < count; point++) {
      let square = 0;
      for (let axis = 0; axis < inputs; axis++) square += steep[point * inputs + axis] ** 2;
      const factor = pull(Math.sqrt(square));
      for (let axis = 0; axis < inputs; axis++)
        direction[point * inputs + axis] = factor * steep[point * inputs + axis];
    }
    this.collect(this.tangents(values, direction, count), slopes, count, false);
  }
}

class Optimizer {
  constructor(network, kind) {
    this.kind = kind;
    this.steps = 0;
    this.parts = network.layers.flatMap((layer) =>
      [
        [layer.weight, layer.weightSlope],
        [layer.bias, layer.biasSlope],
      ].map(([value, slope]) => ({
        value,
        slope,
        mean: new Float64Array(value.length),
        square: new Float64Array(value.length),
      })),
    );
  }

  step(rate) {
    this.steps += 1;
    const step = rate / (1 - MOMENTUM ** this.steps);
    const scale = Math.sqrt(1 - MEMORY ** this.steps);
    for (const { value, slope, mean, square } of this.parts) {
      for (let i = 0; i < value.length; i++) {
        if (this.kind === 'sgd') value[i] -= rate * slope[i];
        else {
          mean[i] += (1 - MOMENTUM) * (slope[i] - mean[i]);
          square[i] = MEMORY * square[i] + (1 - MEMORY) * slope[i] ** 2;
          value[i] -= (step * mean[i]) / (Math.sqrt(square[i]) / scale + TINY);
        }
      }
    }
  }
}
