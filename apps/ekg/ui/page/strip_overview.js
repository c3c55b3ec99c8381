// The recording at a glance, under the strip: its heart rate, a tick for each abnormal beat, and where the strip is.

const OVERVIEW_HEIGHT = 44;
const LOWEST_RATE = 30; // per minute
const HIGHEST_RATE = 200;

function drawOverview() {
  const canvas = find('.ekg-overview');
  const [context, width, height] = fitted(canvas, OVERVIEW_HEIGHT);
  context.fillStyle = inks().map;
  context.fillRect(0, 0, width, height);
  if (!state.data) return;
  const across = (time) => (time / state.data.duration) * width;
  const sheet = paintedOnce('whole', canvas, width, height, (map) => {
    drawRates(map, height, across);
    drawTicks(map, across);
  });
  context.drawImage(sheet, 0, 0, width, height);
  context.strokeStyle = inks().view;
  context.lineWidth = 2;
  const shown = Math.min(visible(), state.data.duration);
  context.strokeRect(across(state.at), 1, Math.max(4, across(shown)), height - 2);
}

function drawRates(map, height, across) {
  const { times, rates } = state.data;
  Object.assign(map, { strokeStyle: inks().rate, lineWidth: 1 });
  map.beginPath();
  let pen = false;
  for (const [place, rate] of rates.entries()) {
    const share = (rate - LOWEST_RATE) / (HIGHEST_RATE - LOWEST_RATE);
    const y = height - 4 - Math.min(1, Math.max(0, share)) * (height - 16);
    if (rate !== null && pen) map.lineTo(across(times[place]), y);
    else if (rate !== null) map.moveTo(across(times[place]), y);
    pen = rate !== null;
  }
  map.stroke();
}

function drawTicks(map, across) {
  const { times, classes } = state.data;
  for (const letter of ['F', 'Q', 'S', 'V']) {
    map.fillStyle = classColour(letter);
    for (const [place, time] of times.entries()) if (classes[place] === letter) map.fillRect(across(time), 0, 1.5, 9);
  }
}
