// The drawing of the game: sheets with points, D's opinion, the manifold and the pull; strips of predictions; curves.

const EDGE = 1.04; // points beyond the sheet are drawn here
const GRID = 20; // cells along a side of the manifold
const LINE = 200; // pieces of the manifold of 1-D noise
const ARROWS = 80; // more would hide the points
const LONGEST = 0.16; // of an arrow, on the sheet; one of the median pull is a third of it
const OPAQUE = 150; // of 255: how strongly the ground is coloured where D is certain
const NUMBERS = 12; // rows of the numbers below a curve
const RGB = { real: [0, 114, 178], fake: [213, 94, 0] };

// The colours of the page as it is now, light or dark.
function paletteOf(root) {
  const style = getComputedStyle(root);
  const names = ['ground', 'real', 'fake', 'pull', 'manifold', 'line', 'ink', 'rim'];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--lab-${name}`).trim()]));
}

// A canvas as large as it is shown, in the screen's own pixels; its pen, measured in the page's pixels.
function penOf(canvas) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

// Places of noise such that as much of it lies between any two neighbours: `pieces` + 1 of them.
function noiseAxis(kind, pieces) {
  const even = (at) => (2 * at) / GRID - 1;
  const base = kind.startsWith('gaussian') ? LAB.quantiles : Array.from({ length: GRID + 1 }, (_, at) => even(at));
  return Array.from({ length: pieces + 1 }, (_, at) => {
    const place = (at / pieces) * GRID;
    const low = Math.min(Math.floor(place), GRID - 1);
    return base[low] + (place - low) * (base[low + 1] - base[low]);
  });
}

// The nodes of the generator's manifold as noise: a grid of (GRID + 1)^2, or LINE + 1 on a line.
function noiseNodes(kind) {
  if (latentLength(kind) === 1) return Float64Array.from(noiseAxis(kind, LINE));
  const axis = noiseAxis(kind, GRID);
  return Float64Array.from(axis.flatMap((y) => axis.flatMap((x) => [x, y])));
}

// Noise as points of the sheet: 1-D noise lies on a line through its middle.
function noiseOnSheet(z, latent) {
  return latent === 2 ? z : Float64Array.from({ length: 2 * z.length }, (_, at) => (at % 2 ? 0 : z[at >> 1]));
}

// From noise (share 0) to what G makes of it (share 1).
function morphed(noise, points, share) {
  return share >= 1 ? points : points.map((value, at) => noise[at] + share * (value - noise[at]));
}

class Sheet {
  constructor(canvas) {
    this.canvas = canvas;
    this.small = document.createElement('canvas');
    Object.assign(this.small, { width: FIELD, height: FIELD });
  }

  // picture: any of field, manifold, real, fake, pull; the rest is left out.
  draw(picture, palette) {
    const { pen, width } = penOf(this.canvas);
    Object.assign(this, { pen, width, palette });
    pen.fillStyle = palette.ground;
    pen.fillRect(0, 0, width, width);
    if (picture.field) this.drawField(picture.field);
    if (picture.manifold) this.drawManifold(picture.manifold, picture.latent);
    if (picture.pull) this.drawPull(picture.fake, picture.pull);
    const size = Math.max(width / 115, 1.2);
    if (picture.real) this.drawPoints(picture.real, palette.real, (x, y) => this.dot(x, y, size));
    if (picture.fake) this.drawPoints(picture.fake, palette.fake, (x, y) => this.triangle(x, y, size * 1.25));
  }

  at(value) {
    return ((Math.min(Math.max(value, -EDGE), EDGE) + 1) / 2) * this.width;
  }

  dot(x, y, size) {
    this.pen.moveTo(x + size, y);
    this.pen.arc(x, y, size, 0, 2 * Math.PI);
  }

  triangle(x, y, size) {
    this.pen.moveTo(x, y - size);
    this.pen.lineTo(x + 0.95 * size, y + 0.65 * size);
    this.pen.lineTo(x - 0.95 * size, y + 0.65 * size);
    this.pen.closePath();
  }

  drawPoints(points, colour, outline) {
    const { pen } = this;
    pen.beginPath();
    for (let at = 0; at < points.length; at += 2) {
      outline(this.at(points[at]), this.at(-points[at + 1]));
    }
    pen.fillStyle = colour;
    pen.fill();
    if (this.width < 150) return; // no rims on thumbnails
    pen.lineWidth = 0.7;
    pen.strokeStyle = this.palette.rim;
    pen.stroke();
  }

  drawField(field) {
    const small = this.small.getContext('2d');
    const image = small.createImageData(FIELD, FIELD);
    for (let at = 0; at < field.length; at++) {
      const colour = field[at] >= 0.5 ? RGB.real : RGB.fake;
      image.data.set(colour, 4 * at);
      image.data[4 * at + 3] = Math.min(Math.abs(field[at] - 0.5) * 2, 1) * OPAQUE;
    }
    small.putImageData(image, 0, 0);
    const half = this.width / (FIELD - 1) / 2; // the outermost places asked lie on the sheet's edge
    this.pen.imageSmoothingEnabled = true;
    this.pen.drawImage(this.small, -half, -half, this.width + 2 * half, this.width + 2 * half);
  }

  // The darker a cell, the more of the noise lies in its area.
  drawManifold(nodes, latent) {
    const { pen } = this;
    pen.fillStyle = pen.strokeStyle = this.palette.manifold;
    if (latent === 1) this.drawLine(nodes);
    else {
      const across = GRID + 1;
      for (let row = 0; row < GRID; row++)
        for (let column = 0; column < GRID; column++) {
          const corner = row * across + column;
          this.drawCell([corner, corner + 1, corner + across + 1, corner + across], nodes);
        }
    }
    pen.globalAlpha = 1;
  }

  drawLine(nodes) {
    const { pen } = this;
    pen.lineWidth = Math.max(this.width / 130, 1);
    for (let at = 0; at < LINE; at++) {
      const [x, y, nextX, nextY] = nodes.slice(2 * at, 2 * at + 4);
      const length = Math.hypot(nextX - x, nextY - y) || 1e-6;
      pen.globalAlpha = Math.min(1, Math.max(0.12, 0.6 * Math.sqrt(2 / LINE / length)));
      pen.beginPath();
      pen.moveTo(this.at(x), this.at(-y));
      pen.lineTo(this.at(nextX), this.at(-nextY));
      pen.stroke();
    }
  }

  drawCell(corners, nodes) {
    const { pen } = this;
    let area = 0;
    pen.beginPath();
    corners.forEach((corner, turn) => {
      const next = corners[(turn + 1) % 4];
      area += (nodes[2 * corner] * nodes[2 * next + 1] - nodes[2 * next] * nodes[2 * corner + 1]) / 2;
      pen.lineTo(this.at(nodes[2 * corner]), this.at(-nodes[2 * corner + 1]));
    });
    const even = 4 / GRID / GRID;
    pen.globalAlpha = Math.min(0.7, Math.max(0.03, 0.16 * Math.sqrt(even / (Math.abs(area) + 1e-9))));
    pen.fill();
  }

  drawPull(points, pull) {
    const { pen } = this;
    const lengths = Array.from({ length: pull.length / 2 }, (_, at) => Math.hypot(pull[2 * at], pull[2 * at + 1]));
    const typical = [...lengths].sort((one, other) => one - other)[lengths.length >> 1] || 1;
    pen.beginPath();
    for (let at = 0; at < Math.min(ARROWS, lengths.length); at++) {
      const long = Math.min(lengths[at] / typical / 3, 1) * LONGEST;
      if (!(long > 0)) continue;
      const [across, up] = [pull[2 * at] / lengths[at], pull[2 * at + 1] / lengths[at]];
      const [x, y] = [this.at(points[2 * at]), this.at(-points[2 * at + 1])];
      const [toX, toY] = [this.at(points[2 * at] + across * long), this.at(-points[2 * at + 1] - up * long)];
      const head = this.width / 110;
      pen.moveTo(x, y);
      pen.lineTo(toX, toY);
      pen.lineTo(toX + (-across - up) * head, toY + (up - across) * head);
      pen.moveTo(toX, toY);
      pen.lineTo(toX + (-across + up) * head, toY + (up + across) * head);
    }
    pen.lineWidth = 1.3;
    pen.strokeStyle = this.palette.pull;
    pen.stroke();
  }
}

// How real D finds the points, as ticks between 0 (left) and 1 (right): real points above, fakes below.
function drawStrip(canvas, palette, rows) {
  const { pen, width, height } = penOf(canvas);
  pen.fillStyle = palette.ground;
  pen.fillRect(0, 0, width, height);
  const tall = height / 2 - 3;
  rows.forEach(({ chances, colour }, row) => {
    pen.fillStyle = colour;
    pen.globalAlpha = 0.35;
    for (const chance of chances) pen.fillRect(2 + chance * (width - 6), row * (tall + 4) + 1, 2, tall);
    pen.globalAlpha = 1;
  });
  pen.fillStyle = palette.line;
  pen.fillRect(width / 2, 0, 1, height);
}

// Curves over the whole game; the outermost hundredth of the values may leave the chart. `low`: where it begins.
function drawCurves(canvas, palette, curves, low = null) {
  const { pen, width, height } = penOf(canvas);
  const values = curves.flatMap(({ points }) => points).sort((one, other) => one - other);
  if (!values.length) return;
  const [least, most] = [low ?? values[Math.floor(values.length * 0.01)], values[Math.ceil(values.length * 0.99) - 1]];
  const span = most - least || 1;
  const down = (value) => height - 14 - Math.min(Math.max((value - least) / span, 0), 1) * (height - 24);
  pen.font = '11px sans-serif';
  pen.fillStyle = palette.ink;
  pen.fillText(short(most), 2, 10);
  pen.fillText(short(least), 2, height - 2);
  for (const { points, colour, dash } of curves) {
    pen.beginPath();
    pen.setLineDash(dash || []);
    points.forEach((value, at) => {
      pen.lineTo(38 + (at / Math.max(points.length - 1, 1)) * (width - 42), down(value));
    });
    pen.lineWidth = 1.6;
    pen.strokeStyle = colour;
    pen.stroke();
  }
  pen.setLineDash([]);
}

// The numbers of two curves over the rounds since the game began here, evenly chosen, while the fold with them is open.
function writeNumbers(box, { since, rounds }, curves) {
  if (!box.querySelector('details').open) return;
  const count = Math.min(...curves.map(({ points }) => points.length));
  const lines = Math.min(count, NUMBERS);
  const rows = Array.from({ length: lines }, (_, line) => {
    const at = Math.round(((line + 1) * count) / lines) - 1;
    const row = document.createElement('tr');
    const round = since + Math.round(((at + 1) * (rounds - since)) / count);
    const values = [round, ...curves.map(({ points }) => short(points[at]))];
    row.append(...values.map((value) => Object.assign(document.createElement('td'), { textContent: value })));
    return row;
  });
  box.querySelector('tbody').replaceChildren(...rows);
}

// A number in at most four digits; nothing if there is none.
function short(value) {
  if (!Number.isFinite(value)) return '–';
  if (value !== 0 && (Math.abs(value) >= 10_000 || Math.abs(value) < 0.001)) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}
