// One round in numbered steps, for slow motion: each step does its part of the game, says what it did, and names the
// boxes of the overview that are lit.

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share) => `${Math.round(100 * share)}%`;

// What D makes of a batch: means of how real it finds it.
function opinions(game) {
  const { loss, batch } = game.rules;
  const chances = realness(loss, game.batch.scores);
  if (game.batch.player === 'g') return { fake: chances };
  return { real: chances.subarray(0, batch), fake: chances.subarray(batch) };
}

function length(network) {
  const parts = network.layers.flatMap((layer) => [layer.weightSlope, layer.biasSlope]);
  return Math.sqrt(parts.reduce((sum, part) => sum + part.reduce((square, slope) => square + slope * slope, 0), 0));
}

function* turnOfD(game) {
  const { batch } = game.rules;
  const loss = game.prepareD();
  yield { lit: ['noise'], text: `noise: ${batch} random points z.` };
  yield { lit: ['g', 'fakes'], text: 'G turns every z into a fake.' };
  yield { lit: ['real'], text: `as many real points are drawn.` };
  const { real, fake } = opinions(game);
  const judged = `On average it finds the real points ${percent(mean(real))} real, the fakes ${percent(mean(fake))}.`;
  yield { lit: ['d', 'predictions'], text: `D judges both. ${judged}` };
  yield { lit: ['loss-d'], text: `D’s loss is ${short(loss)}: small if it is right about both.` };
  const strength = length(game.d);
  game.apply('d');
  const text = `the gradient of the loss (length ${short(strength)}) flows back into D, and D is updated. G stays.`;
  yield { lit: ['grad-d', 'd'], text };
}

function* turnOfG(game) {
  const loss = game.prepareG();
  yield { lit: ['noise'], text: `fresh noise: ${game.rules.batch} points z.` };
  yield { lit: ['g', 'fakes'], text: 'G turns every z into a fake.' };
  const judged = percent(mean(opinions(game).fake));
  yield { lit: ['d', 'predictions'], text: `D judges the fakes: on average ${judged} real.` };
  yield { lit: ['loss-g'], text: `G’s loss is ${short(loss)}: small if D is fooled.` };
  const text = 'the gradient flows back through D, which stays as it is, to every fake: the arrows.';
  yield { lit: ['grad-g', 'd', 'fakes'], text, pull: true };
  const strength = length(game.g);
  game.apply('g');
  yield {
    lit: ['grad-g', 'g'],
    text: `G is updated (gradient of length ${short(strength)}): its fakes follow the arrows.`,
  };
}

// All steps of a round, numbered within each turn.
function* slowRound(game) {
  const turns = [
    ['D', turnOfD, game.rules.d_updates],
    ['G', turnOfG, game.rules.g_updates],
  ];
  for (const [player, turn, updates] of turns)
    for (let update = 1; update <= updates; update++) {
      const which = updates > 1 ? ` (update ${update} of ${updates})` : '';
      let number = 0;
      for (const step of turn(game)) {
        number += 1;
        yield { ...step, number, text: `${player}’s turn${which}, step ${number} of 6: ${step.text}` };
      }
    }
  game.count();
  yield { lit: [], number: 0, text: `Round ${game.rounds} is over.` };
}
