// What a link says of the stage: written when it is copied, followed when the stage opens.

const FIRST_CHOICES = { stride: 1, padding: 'valid', dilation: 1 };

// All that is not as the scene opens with it. A visitor's own photo stays where it is.
function toldOf(stage) {
  const { scene, view } = stage;
  if (!scene) return {};
  const options = stage.options();
  const said = { scene: scene.name, speed: stage.get('speed').value, place: stage.index() };
  const first = { scene: 'signal', speed: FIRST_SPEED[view.dimensions], place: stage.indexAlong(scene.start) };
  if (stage.root.dataset.own) {
    said.weights = Array.from(view.filter.data);
    said.size = view.filter.shape[3];
  } else said.filter = Number(stage.get('filter').value);
  if (!stage.own) said.picture = Number(stage.get('photo').value) || 0;
  const all = { ...said, ...options };
  const usual = { ...first, ...FIRST_CHOICES, filter: 0, picture: 0 };
  return Object.fromEntries(Object.entries(all).filter(([name, value]) => value !== usual[name]));
}

// The shape of a filter with so many weights along each side of the scene's filters; nothing if there is none.
function shapeOf(count, side, dimensions) {
  const sides = [1, 1, 1].fill(side, 3 - dimensions);
  const channels = count / side ** dimensions;
  return channels === 1 || channels === 3 ? [channels, ...sides] : null;
}

function takeFilterOf(stage, asked) {
  const { scene, view } = stage;
  const shape = asked.weights && shapeOf(asked.weights.length, asked.size, view.dimensions);
  if (shape && (shape[0] === 1 || scene.name === 'photo')) {
    Object.assign(view.filter, { shape, data: Float64Array.from(asked.weights) });
    stage.set(0, view.filter.data[0]);
    view.selected = -1;
  } else if (scene.filters[asked.filter]) {
    stage.choose(asked.filter);
    stage.get('filter').value = String(asked.filter);
  }
}

async function openAsked(stage, asked) {
  const name = asked.scene ?? 'signal';
  await stage.open(name);
  if (stage.scene?.name !== name || !Object.keys(asked).length) return; // not fetched, or another one by now
  const fields = { photo: asked.picture, stride: asked.stride, padding: asked.padding, dilation: asked.dilation };
  for (const [field, value] of Object.entries({ ...fields, speed: asked.speed })) {
    const select = stage.get(field);
    if ([...select.options].some((option) => option.value === String(value))) select.value = String(value);
  }
  takeFilterOf(stage, asked);
  stage.remake(stage.scene.start);
  if (asked.place !== undefined) stage.goTo(asked.place);
}

// What of the stage is taken home: the output as a table, a line for each of its rows, and as it is drawn. A visitor's
// own photo stays in the browser, and what was made of it, too.
function givenOf(stage) {
  const { view, canvas } = stage;
  if (!view.output || stage.own) return null;
  const columns = view.axes[2].size;
  const line = (_, row) =>
    Array.from(view.output.subarray(row * columns, (row + 1) * columns), (value) => value.toFixed(4));
  const lines = Array.from({ length: view.output.length / columns }, line);
  return { 'output.csv': window.hubLinks.csv(lines), 'output.png': canvas.output.toDataURL() };
}
