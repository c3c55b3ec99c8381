// Drawing on canvases, in the page's own colours. Sizes are CSS pixels.

function colours(root) {
  const style = getComputedStyle(root),
    read = (name) => style.getPropertyValue(name).trim();
  return {
    ink: read('--cx-ink'),
    muted: read('--cx-muted'),
    line: read('--cx-line'),
    ground: read('--cx-ground'),
    input: read('--cx-input'),
    filter: read('--cx-filter'),
    slide: read('--cx-slide'),
    sum: read('--cx-sum'),
    output: read('--cx-output'),
    plus: rgb(read('--cx-plus')),
    minus: rgb(read('--cx-minus')),
    zero: rgb(read('--cx-zero')),
  };
}

function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

// The canvas at the screen's resolution; everything drawn before is gone.
function fit(canvas, height) {
  const width = Math.max(canvas.clientWidth, 40),
    ratio = window.devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const g = canvas.getContext('2d');
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.font = '11px ui-sans-serif, system-ui, sans-serif';
  g.textBaseline = 'middle';
  return { g, w: width, h: height };
}

// From value to colour: signed values run from blue over the ground to orange, the others from black to white.
function shade(value, low, high, tints) {
  if (low >= 0) {
    const grey = high > low ? Math.round((255 * (value - low)) / (high - low)) : 0;
    return [grey, grey, grey];
  }
  const most = Math.max(high, -low),
    part = Math.min(1, Math.abs(value) / most) ** 0.8;
  const end = value >= 0 ? tints.plus : tints.minus;
  return tints.zero.map((c, i) => Math.round(c + (end[i] - c) * part));
}

function sheetOf(width, height) {
  return Object.assign(document.createElement('canvas'), { width, height });
}

// One plane (H, W) as a picture. pixel(i) gives [r, g, b]; from place `painted` on it is faint.
function picture(H, W, pixel, painted, faint) {
  const sheet = sheetOf(W, H),
    g = sheet.getContext('2d'),
    image = g.createImageData(W, H);
  for (let i = 0; i < H * W; i++) {
    image.data.set(pixel(i), 4 * i);
    image.data[4 * i + 3] = i < painted ? 255 : faint;
  }
  g.putImageData(image, 0, 0);
  return sheet;
}

function place(g, sheet, box) {
  g.imageSmoothingEnabled = false;
  g.drawImage(sheet, box.x, box.y, box.w, box.h);
}

function frame(g, box, colour, width = 1) {
  g.strokeStyle = colour;
  g.lineWidth = width;
  g.strokeRect(box.x, box.y, box.w, box.h);
}

function caption(g, text, x, y, colour, align = 'left') {
  g.fillStyle = colour;
  g.textAlign = align;
  g.fillText(text, x, y);
}

// A curve through (x(i), values[i]); the part from `painted` on is faint.
function curve(g, values, x, y, colour, painted = Infinity) {
  const stroke = (from, to, alpha) => {
    if (to - from < 1) return;
    g.beginPath();
    for (let i = from; i <= to; i++) (i === from ? g.moveTo : g.lineTo).call(g, x(i), y(values[i]));
    g.globalAlpha = alpha;
    g.strokeStyle = colour;
    g.lineWidth = 1.8;
    g.lineJoin = 'round';
    g.stroke();
    g.globalAlpha = 1;
  };
  const last = values.length - 1,
    cut = Math.min(painted - 1, last);
  stroke(0, cut, 1);
  stroke(Math.max(cut, 0), last, 0.28);
}

function level(g, w, y, tints) {
  g.strokeStyle = tints.line;
  g.lineWidth = 1;
  g.beginPath();
  g.moveTo(0, y);
  g.lineTo(w, y);
  g.stroke();
}

// Bars from zero up and down; `upto` of them are full, the rest faint; the selected one is framed.
function bars(g, box, values, most, colour, tints, upto, selected = -1) {
  const step = box.w / values.length,
    zero = box.y + box.h / 2,
    unit = (box.h / 2 - 2) / (most || 1);
  level(g, box.x + box.w, zero, tints);
  values.forEach((v, i) => {
    g.globalAlpha = i < upto ? 1 : 0.2;
    g.fillStyle = colour;
    const x = box.x + i * step + Math.min(2, step * 0.15),
      width = step - 2 * Math.min(2, step * 0.15);
    g.fillRect(x, Math.min(zero, zero - v * unit), width, Math.max(1, Math.abs(v * unit)));
    g.globalAlpha = 1;
    if (i === selected)
      frame(g, { x: box.x + i * step + 0.5, y: box.y + 0.5, w: step - 1, h: box.h - 1 }, tints.ink, 1.5);
    if (step >= 30) caption(g, short(v), box.x + (i + 0.5) * step, v >= 0 ? zero + 9 : zero - 9, tints.muted, 'center');
  });
}

// The boxes of `planes` grids of rows x columns side by side in a width; the cells are square.
function gridBoxes(planes, rows, columns, width, tallest, widest = 46) {
  const gap = 10,
    cell = Math.min(widest, (width - gap * (planes - 1) - 2) / (planes * columns), tallest / rows);
  return Array.from({ length: planes }, (_, p) => ({
    x: 1 + p * (columns * cell + gap),
    y: 0,
    w: columns * cell,
    h: rows * cell,
    cell,
  }));
}

// A grid of numbers with their shades; `upto` counts cells over all planes.
function grid(g, box, columns, values, [low, high], tints, first, upto, selected = -1) {
  values.forEach((v, i) => {
    const x = box.x + (i % columns) * box.cell,
      y = box.y + Math.floor(i / columns) * box.cell;
    const tone = shade(v, low, high, tints),
      done = first + i < upto;
    g.globalAlpha = done ? 1 : 0.2;
    g.fillStyle = `rgb(${tone.join(',')})`;
    g.fillRect(x, y, box.cell - 1, box.cell - 1);
    g.strokeStyle = tints.line;
    g.lineWidth = 0.6;
    if (box.cell >= 10) g.strokeRect(x + 0.3, y + 0.3, box.cell - 1.6, box.cell - 1.6);
    if (box.cell >= 26) {
      const bright = tone[0] * 0.3 + tone[1] * 0.59 + tone[2] * 0.11 > 140;
      caption(
        g,
        short(v).replace(/\.0+$/, '').replace('0.', '.'),
        x + box.cell / 2,
        y + box.cell / 2,
        bright ? '#000' : '#fff',
        'center',
      );
    }
    g.globalAlpha = 1;
    if (first + i === selected) frame(g, { x: x + 0.5, y: y + 0.5, w: box.cell - 2, h: box.cell - 2 }, tints.ink, 2);
  });
}

// The running sum after every product, as a staircase that ends at the sum.
function staircase(g, box, steps, tints, upto) {
  const [low, high] = range(steps),
    unit = (box.h - 12) / (high - low || 1),
    y = (v) => box.y + 6 + (high - v) * unit;
  const width = box.w / steps.length;
  level(g, box.x + box.w, y(0), tints);
  g.strokeStyle = tints.sum;
  g.lineWidth = 2;
  g.beginPath();
  let before = 0;
  for (let i = 0; i < Math.min(upto, steps.length); i++) {
    g.moveTo(box.x + i * width, y(before));
    g.lineTo(box.x + i * width, y(steps[i]));
    g.lineTo(box.x + (i + 1) * width, y(steps[i]));
    before = steps[i];
  }
  g.stroke();
  const x = box.x + Math.min(upto, steps.length) * width;
  g.fillStyle = tints.sum;
  g.beginPath();
  g.arc(Math.min(x, box.x + box.w - 4), y(before), 4, 0, 7);
  g.fill();
}
