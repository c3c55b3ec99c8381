// The convolution itself. Arrays are flat; shapes are [C, D, H, W]. A signal has D = H = 1, a picture D = 1.

function padding(size, dilation, mode) {
  const total = mode === 'same' ? dilation * (size - 1) : 0;
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}

// How the window moves: per axis (D, H, W) the input size n, filter size f, stride, dilation, zeros and output size.
// Stride and dilation hold for the axes that the scene has.
function geometry(input, filter, options, dimensions) {
  return [1, 2, 3].map((axis) => {
    const real = axis > 3 - dimensions;
    const n = input[axis],
      f = filter[axis];
    const s = real ? options.stride : 1,
      d = real ? options.dilation : 1;
    const [before, behind] = padding(f, d, options.padding);
    const room = n + before + behind - d * (f - 1) - 1;
    return { n, f, s, d, before, behind, size: room < 0 ? 0 : Math.floor(room / s) + 1 };
  });
}

function formula({ n, f, s, d, before, behind, size }) {
  const p = before === behind ? `2·${before}` : `${before} + ${behind}`;
  return `⌊(${n} + ${p} − ${d}·(${f} − 1) − 1) / ${s}⌋ + 1 = ${size}`;
}

// Every product of the window whose output is at (z, y, x), in the order of the weights.
function productsAt(input, filter, axes, place) {
  const [C, D, H, W] = input.shape,
    [, fD, fH, fW] = filter.shape,
    [az, ay, ax] = axes;
  const found = [];
  let index = 0;
  for (let c = 0; c < C; c++)
    for (let i = 0; i < fD; i++)
      for (let j = 0; j < fH; j++)
        for (let k = 0; k < fW; k++) {
          const z = place[0] * az.s - az.before + i * az.d;
          const y = place[1] * ay.s - ay.before + j * ay.d;
          const x = place[2] * ax.s - ax.before + k * ax.d;
          const inside = z >= 0 && z < D && y >= 0 && y < H && x >= 0 && x < W;
          const value = inside ? input.data[((c * D + z) * H + y) * W + x] : 0;
          const weight = filter.data[index++];
          found.push({ value, weight, product: value * weight, inside });
        }
  return found;
}

// The whole output (D, H, W): at every place the sum of the products. Tap by tap, so that the inner loop is plain.
function convolve(input, filter, axes) {
  const [C, D, H, W] = input.shape,
    [, fD, fH, fW] = filter.shape,
    [az, ay, ax] = axes;
  const out = new Float64Array(az.size * ay.size * ax.size);
  let index = 0;
  for (let c = 0; c < C; c++)
    for (let i = 0; i < fD; i++)
      for (let j = 0; j < fH; j++)
        for (let k = 0; k < fW; k++) {
          const weight = filter.data[index++];
          if (weight === 0) continue;
          for (let oz = 0; oz < az.size; oz++) {
            const z = oz * az.s - az.before + i * az.d;
            if (z < 0 || z >= D) continue;
            for (let oy = 0; oy < ay.size; oy++) {
              const y = oy * ay.s - ay.before + j * ay.d;
              if (y < 0 || y >= H) continue;
              const row = ((c * D + z) * H + y) * W,
                to = (oz * ay.size + oy) * ax.size;
              for (let ox = 0; ox < ax.size; ox++) {
                const x = ox * ax.s - ax.before + k * ax.d;
                if (x >= 0 && x < W) out[to + ox] += weight * input.data[row + x];
              }
            }
          }
        }
  return out;
}

// A filter cut or filled with zeros round its centre to another size along its real axes.
function resized(filter, size, dimensions) {
  const [C, ...old] = filter.shape;
  const next = old.map((f, axis) => (axis >= 3 - dimensions && (f > 1 || size === 1 || axis === 2) ? size : f));
  const shift = old.map((f, axis) => Math.floor(next[axis] / 2) - Math.floor(f / 2));
  const data = new Array(C * next[0] * next[1] * next[2]).fill(0);
  for (let c = 0; c < C; c++)
    for (let i = 0; i < old[0]; i++)
      for (let j = 0; j < old[1]; j++)
        for (let k = 0; k < old[2]; k++) {
          const [z, y, x] = [i + shift[0], j + shift[1], k + shift[2]];
          if (z < 0 || y < 0 || x < 0 || z >= next[0] || y >= next[1] || x >= next[2]) continue;
          data[((c * next[0] + z) * next[1] + y) * next[2] + x] =
            filter.data[((c * old[0] + i) * old[1] + j) * old[2] + k];
        }
  return { shape: [C, ...next], data };
}

function range(data) {
  let low = 0,
    high = 0;
  for (const v of data) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return [low, high];
}

function short(v) {
  if (Math.abs(v) < 5e-5) return '0';
  const text =
    Math.abs(v) >= 100 ? v.toFixed(0) : Math.abs(v) >= 10 ? v.toFixed(1) : v.toFixed(Math.abs(v) < 0.1 ? 3 : 2);
  return text.replace('-', '−');
}
