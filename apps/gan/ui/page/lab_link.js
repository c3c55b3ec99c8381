// What a link says of the game: a preset, the fields that are not as it has them, and how it is looked at. A drawing
// stays in the browser.

// What the form shows for the rules of a preset.
function fieldsOf(rules) {
  const shown = { start: '0' };
  for (const [name, value] of Object.entries(rules)) shown[name] = String(value);
  for (const player of ['d', 'g']) {
    const hidden = rules[`hidden_${player}`];
    shown[`layers_${player}`] = String(hidden.length);
    if (hidden.length) shown[`neurons_${player}`] = String(hidden[0]);
  }
  return shown;
}

function toldOf(hands) {
  const preset = hands.field('preset').value;
  const usual = fieldsOf(LAB.presets[preset].rules);
  const fields = [...hands.stage.root.querySelectorAll('[data-rule]')].filter((one) => one.dataset.rule !== 'preset');
  const linear = (name) => name.startsWith('neurons_') && !(name in usual);
  const moved = fields.filter(({ dataset: { rule }, value }) => value !== usual[rule] && !linear(rule));
  const said = moved.map(({ dataset: { rule }, value, type }) => [rule, type === 'number' ? Number(value) : value]);
  const rules = preset === Object.keys(LAB.presets)[0] ? said : [['preset', preset], ...said];
  return { ...Object.fromEntries(rules), ...lookOf(hands.stage) };
}

function boxesOf(stage) {
  return [...stage.root.querySelectorAll('[data-layer]')];
}

// How the game is looked at, where that is not as it begins.
function lookOf(stage) {
  const names = (kept) =>
    boxesOf(stage)
      .filter(kept)
      .map(({ dataset }) => dataset.layer);
  const [speed, shows] = [stage.get('speed'), names(({ checked }) => checked)];
  const usual = names(({ defaultChecked }) => defaultChecked);
  return {
    ...(speed.selectedOptions[0].defaultSelected ? {} : { speed: speed.value }),
    ...(String(shows) === String(usual) ? {} : { shows }),
    ...(stage.isSlow() ? { slow: true } : {}),
  };
}

function openAsked(hands, { speed, shows, slow, ...asked }) {
  const { stage } = hands;
  const preset = asked.preset ?? Object.keys(LAB.presets)[0];
  if (speed) stage.get('speed').value = speed;
  if (shows) for (const box of boxesOf(stage)) box.checked = shows.includes(box.dataset.layer);
  hands.field('preset').value = preset;
  hands.choosePreset(preset);
  const fields = Object.entries(asked).filter(([name]) => name !== 'preset');
  for (const [name, value] of fields) hands.field(name).value = String(value);
  if (fields.length) hands.begin();
  if (slow) hands.turnSlow();
}

// What of the game is taken home: the sheet, the curves so far, and its points; nothing before the first round.
function givenOf({ game, sheet }) {
  if (!game?.rounds) return null;
  const { csv } = window.hubLinks;
  const names = { d: 'loss of D', g: 'loss of G', kl: 'KL in bits', js: 'JS in bits' };
  const curve = ([name, { points }]) =>
    points.map((value, at) => [names[name], Math.round(((at + 1) * game.rounds) / points.length), value]);
  const places = (kind, flat) =>
    Array.from({ length: flat.length / 2 }, (_, at) => [kind, flat[2 * at], flat[2 * at + 1]]);
  return {
    'sheet.png': sheet.canvas.toDataURL(),
    'curves.csv': csv([['curve', 'round', 'value'], ...Object.entries(game.curves).flatMap(curve)]),
    'points.csv': csv([['kind', 'x', 'y'], ...places('real', game.real), ...places('fake', game.fakes(game.z))]),
  };
}
