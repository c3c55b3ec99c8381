// The five panels: input, filter, slide, sum, output. Each view draws one from the state and says where a pointer is.

const WHOLE = {
  signal: 66,
  plane: Math.max(220, Math.min(340, innerHeight * 0.32)),
  slice: 176, // tallest input or output
  output: Math.max(220, Math.min(420, innerHeight * 0.44)),
};

// Across the padded input: x of a sample, shared by input and output of a signal, so that they stand in line.
function along(view, w) {
  const [, , axis] = view.axes,
    span = axis.n + axis.before + axis.behind - 1 || 1;
  return {
    x: (i) => 6 + ((i + axis.before) / span) * (w - 12),
    at: (px) => ((px - 6) / (w - 12)) * span - axis.before,
  };
}

function scaleOf([low, high], h) {
  const room = (high - low) * 0.06 || 1,
    top = high + room,
    bottom = low - room;
  return (v) => 4 + ((top - v) / (top - bottom)) * (h - 8);
}

function drawSignalInput(canvas, view, tints) {
  const { g, w, h } = fit(canvas, WHOLE.signal),
    { x } = along(view, w),
    y = scaleOf(range(view.input.data), h);
  const axis = view.axes[2],
    start = view.place[2] * axis.s - axis.before,
    end = start + axis.d * (axis.f - 1);
  const pad = Math.max(3, (x(1) - x(0)) / 2);
  g.fillStyle = tints.slide;
  g.globalAlpha = 0.22;
  g.fillRect(x(start) - pad, 0, x(end) - x(start) + 2 * pad, h);
  g.globalAlpha = 1;
  frame(g, { x: x(start) - pad, y: 1, w: x(end) - x(start) + 2 * pad, h: h - 2 }, tints.slide, 2);
  level(g, w, y(0), tints);
  curve(g, Array.from(view.input.data), x, y, tints.input);
  g.fillStyle = tints.slide;
  for (let k = 0; k < axis.f; k++) {
    const i = start + k * axis.d,
      v = i >= 0 && i < axis.n ? view.input.data[i] : 0;
    if (k < view.tap) g.fillRect(x(i) - 2, y(v) - 2, 4, 4);
  }
  for (const beat of view.input.beats || []) caption(g, beat.symbol, x(beat.sample) + 5, 9, tints.muted);
}

function drawSignalOutput(canvas, view, tints) {
  const { g, w, h } = fit(canvas, WHOLE.signal),
    { x } = along(view, w),
    y = scaleOf(range(view.output), h);
  const axis = view.axes[2],
    centre = (i) => x(i * axis.s - axis.before + (axis.d * (axis.f - 1)) / 2);
  level(g, w, y(0), tints);
  const done = view.tap >= view.taps.length;
  curve(g, view.output, centre, y, tints.output, view.reveal ? view.place[2] + (done ? 1 : 0) : Infinity);
  const at = centre(view.place[2]);
  g.strokeStyle = tints.sum;
  g.setLineDash([3, 3]);
  g.beginPath();
  g.moveTo(at, 0);
  g.lineTo(at, h);
  g.stroke();
  g.setLineDash([]);
  g.fillStyle = tints.sum;
  g.beginPath();
  g.arc(at, y(view.running), 5, 0, 7);
  g.fill();
}

// The padded slices that the window touches, side by side, each with the window on it.
function inputBoxes(view, w) {
  const [az, ay, ax] = view.axes,
    rows = ay.n + ay.before + ay.behind,
    columns = ax.n + ax.before + ax.behind;
  const gap = az.f > 1 ? 6 : 0,
    unit = Math.min(
      (w - gap * (az.f - 1) - 2) / (az.f * columns),
      ((az.f > 1 ? WHOLE.slice : WHOLE.plane) - 16) / rows,
    );
  const left = Math.max(1, (w - az.f * columns * unit - gap * (az.f - 1)) / 2);
  return Array.from({ length: az.f }, (_, i) => ({
    x: left + i * (columns * unit + gap),
    y: 1,
    w: columns * unit,
    h: rows * unit,
    unit,
    slice: view.place[0] * az.s - az.before + i * az.d,
  }));
}

// All slices of a film or a volume, small, below the ones that the window touches.
function strip(view, w, top) {
  const [, D, H, W] = view.input.shape,
    row = D <= 20 && w < 400 ? 10 : 20,
    cell = (w - 2) / row;
  return Array.from({ length: D }, (_, i) => ({
    x: 1 + (i % row) * cell,
    y: top + Math.floor(i / row) * ((cell * H) / W + 3),
    w: cell - 3,
    h: ((cell - 3) * H) / W,
  }));
}

function drawStrip(g, view, boxes, tints) {
  const [, , H, W] = view.input.shape,
    [az] = view.axes,
    first = view.place[0] * az.s - az.before;
  boxes.forEach((box, i) => {
    place(
      g,
      picture(H, W, (k) => Array(3).fill(255 * view.input.data[i * H * W + k]), Infinity, 0),
      box,
    );
    const tap = (i - first) / az.d;
    if (Number.isInteger(tap) && tap >= 0 && tap < az.f) frame(g, box, tints.slide, 2.5);
  });
}

function drawPlaneInput(canvas, view, tints) {
  const deep = view.dimensions === 3,
    wide = Math.max(canvas.clientWidth, 40),
    first = inputBoxes(view, wide)[0];
  const below = deep ? strip(view, wide, first.h + 26) : [],
    end = below.length ? below[below.length - 1] : { y: first.h, h: 3 };
  const { g, w } = fit(canvas, Math.ceil(end.y + end.h));
  if (deep) drawStrip(g, view, below, tints);
  const [, ay, ax] = view.axes,
    [C, D, H, W] = view.input.shape;
  for (const box of inputBoxes(view, w)) {
    g.fillStyle = tints.line;
    g.fillRect(box.x, box.y, box.w, box.h);
    if (box.slice >= 0 && box.slice < D) {
      const at = (c, i) => 255 * view.input.data[(c * D + box.slice) * H * W + i];
      const sheet = picture(
        H,
        W,
        C === 3 ? (i) => [at(0, i), at(1, i), at(2, i)] : (i) => [at(0, i), at(0, i), at(0, i)],
        Infinity,
        0,
      );
      place(g, sheet, {
        x: box.x + ax.before * box.unit,
        y: box.y + ay.before * box.unit,
        w: W * box.unit,
        h: H * box.unit,
      });
    }
    const span = (axis) => axis.d * (axis.f - 1) + 1;
    const pane = {
      x: box.x + view.place[2] * ax.s * box.unit,
      y: box.y + view.place[1] * ay.s * box.unit,
      w: span(ax) * box.unit,
      h: span(ay) * box.unit,
    };
    frame(g, pane, '#000', 4);
    frame(g, pane, tints.slide, 2.5);
    if (deep)
      caption(
        g,
        box.slice < 0 || box.slice >= D ? 'zeros' : `${view.axisNames[0]} ${box.slice + 1}`,
        box.x + box.w / 2,
        box.h + 10,
        tints.muted,
        'center',
      );
  }
}

function outputBox(view, w) {
  const [, ay, ax] = view.axes,
    unit = Math.min((w - 2) / ax.size, (WHOLE.output - 16) / ay.size, 40);
  return { x: Math.max(1, (w - ax.size * unit) / 2), y: 1, w: ax.size * unit, h: ay.size * unit, unit };
}

function drawPlaneOutput(canvas, view, tints) {
  const deep = view.dimensions === 3,
    box = outputBox(view, Math.max(canvas.clientWidth, 40));
  const { g } = fit(canvas, Math.ceil(box.h + (deep ? 18 : 3)));
  const [az, ay, ax] = view.axes,
    [low, high] = view.range,
    from = view.place[0] * ay.size * ax.size;
  const here = view.place[1] * ax.size + view.place[2] + (view.tap >= view.taps.length ? 1 : 0);
  const done = view.reveal ? here : Infinity;
  place(
    g,
    picture(ay.size, ax.size, (i) => shade(view.output[from + i], low, high, tints), done, 70),
    box,
  );
  frame(g, box, tints.line);
  const dot = { x: box.x + view.place[2] * box.unit, y: box.y + view.place[1] * box.unit, w: box.unit, h: box.unit };
  frame(g, { x: dot.x - 3, y: dot.y - 3, w: dot.w + 6, h: dot.h + 6 }, '#000', 4);
  frame(g, { x: dot.x - 3, y: dot.y - 3, w: dot.w + 6, h: dot.h + 6 }, tints.sum, 2.5);
  if (deep)
    caption(
      g,
      `${view.axisNames[0]} ${view.place[0] + 1} of ${az.size}`,
      box.x + box.w / 2,
      box.h + 10,
      tints.muted,
      'center',
    );
}

const FILTER_TALL = { 1: 100, 2: 105, 3: 84 }; // tallest drawing of the filter, by dimensions

// How the numbers of a window or a filter are laid out: as bars, or as one grid per channel and slice.
function layout(view, w, tallest) {
  const [C, fD, fH, fW] = view.filter.shape;
  if (view.dimensions === 1) return { bars: { x: 1, y: 0, w: w - 2, h: tallest } };
  return { boxes: gridBoxes(C * fD, fH, fW, w, tallest), size: fH * fW, columns: fW };
}

function drawNumbers(g, spot, values, limits, tints, colour, upto, selected) {
  if (spot.bars) {
    bars(g, spot.bars, values, Math.max(limits[1], -limits[0]), colour, tints, upto, selected);
    return;
  }
  for (const [plane, box] of spot.boxes.entries()) {
    const first = plane * spot.size;
    const cells = values.slice(first, first + spot.size);
    grid(g, box, spot.columns, cells, limits, tints, first, upto, selected);
  }
}

function drawFilter(canvas, view, tints) {
  const tall = FILTER_TALL[view.dimensions],
    spot = layout(view, Math.max(canvas.clientWidth, 40), tall);
  const { g } = fit(canvas, spot.bars ? tall : Math.ceil(spot.boxes[0].h) + 16);
  const [low, high] = range(view.filter.data),
    most = Math.max(high, -low) || 1;
  drawNumbers(g, spot, Array.from(view.filter.data), [-most, most], tints, tints.filter, Infinity, view.selected);
  const [C, fD] = view.filter.shape;
  if (spot.bars && low >= 0 && !view.own)
    caption(g, 'drag the bars to draw your own', spot.bars.w / 2, tall - 8, tints.muted, 'center');
  for (const [plane, box] of (spot.boxes || []).entries()) {
    caption(g, planeName(view, plane, C, fD), box.x + box.w / 2, box.h + 8, tints.muted, 'center');
  }
}

function planeName(view, p, C, fD) {
  if (C === 3) return ['red', 'green', 'blue'][p];
  return fD > 1 ? `${view.axisNames[0]} ${p + 1}` : '';
}

function drawSlide(canvas, view, tints) {
  const wide = Math.max(canvas.clientWidth, 40),
    [C, fD, , fW] = view.filter.shape,
    flat = view.dimensions === 1;
  const beside = !flat && C * fD * fW <= 7; // few columns: window and products stand side by side
  const spot = layout(
    view,
    beside ? (wide - 24) / 2 : wide,
    flat ? 40 : beside ? 170 : view.dimensions === 3 ? 78 : 84,
  );
  const each = spot.bars ? 40 : spot.boxes[0].h,
    { g } = fit(canvas, Math.ceil((beside ? each : 2 * each + 17) + 16));
  const values = view.taps.map((t) => t.value),
    products = view.taps.map((t) => t.product);
  const most = Math.max(...products.map(Math.abs), 1e-9),
    [low, high] = range(view.input.data);
  const adding = view.tap < view.taps.length ? view.tap - 1 : -1;
  const part = (title, x, y, numbers, limits, selected) => {
    g.save();
    g.translate(x, y);
    caption(g, title, 1, 7, tints.muted);
    g.translate(0, 15);
    drawNumbers(g, spot, numbers, limits, tints, tints.slide, view.tap, selected);
    g.restore();
  };
  part('window', 0, 0, values, [Math.min(low, 0), Math.max(high, 1e-9)], -1);
  part('window × filter', beside ? wide / 2 + 6 : 0, beside ? 0 : each + 17, products, [-most, most], adding);
}

function drawSum(canvas, view, tints) {
  const { g, w, h } = fit(canvas, view.dimensions === 3 ? 44 : 58);
  staircase(g, { x: 2, y: 0, w: w - 6, h }, view.steps, tints, view.tap);
}
