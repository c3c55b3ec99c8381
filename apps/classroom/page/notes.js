// The teacher's notes, on a phone: what to say at the step that the projector shows, and what the class does.

import { askPassword, button, call, choices, made, minutes, pause } from './parts.js';

const EVERY_MS = 1000;
const [main, footer] = document.querySelectorAll('main, footer');
const lessons = {}; // by name
let now = {};
let drawn = '';

async function tell(path, words) {
  try {
    await see(await call(path, words));
  } catch (error) {
    footer.querySelector('[role=status]').textContent = error.message;
  }
}

async function see(found) {
  now = found;
  if (now.on && !lessons[now.lesson]) lessons[now.lesson] = await call(`lesson/${now.lesson}`);
  const { elapsed, on_step, here, following, ...rest } = now;
  const next = JSON.stringify(rest);
  if (next !== drawn) draw();
  drawn = next;
  if (now.on) tick();
}

function tick() {
  const step = lessons[now.lesson].steps[now.step - 1];
  const pages = now.leads ? `${now.following} of ${now.here} follow` : `${now.here} here`;
  const clock = `${minutes(now.elapsed)} · this step ${minutes(now.on_step)} of ${step.minutes} min · ${pages}`;
  main.querySelector('.ch-clock').textContent = clock;
}

function draw() {
  if (!now.on) {
    const words = 'No class is on. On the projector: Lessons, a lesson, Present.';
    main.replaceChildren(made('p', { textContent: words }));
    footer.replaceChildren();
    return;
  }
  const { steps, title } = lessons[now.lesson];
  const step = steps[now.step - 1];
  const line = (name) => made('p', {}, made('b', { textContent: name }), step[name]);
  main.replaceChildren(
    made('p', { className: 'ch-count', textContent: `${title} · ${now.step} of ${now.of}` }),
    made('p', { className: 'ch-clock' }),
    made('h1', { textContent: step.title }),
    made('p', { className: 'ch-say', textContent: step.say }),
    line('ask'),
    ...(now.question ? [choices({ ...now.question, right: step.right })] : []),
    line('watch'),
    made('p', {
      className: 'ch-next',
      textContent: now.step < now.of ? `Next: ${steps[now.step].title}` : 'The last step.',
    }),
  );
  const go = (by) => tell('step', { lesson: now.lesson, step: now.step + by });
  const said = made('p');
  said.setAttribute('role', 'status');
  const lead = button(now.leads ? 'Let them go' : 'Everyone follow me', () => tell('lead', { on: !now.leads }));
  const reveal = button('Reveal', () => tell('reveal', {}), !now.question || Boolean(now.question.right));
  footer.replaceChildren(
    said,
    lead,
    reveal,
    button('◀ Back', () => go(-1), now.step === 1),
    button('Next ▶', () => go(1), now.step === now.of),
  );
}

const dark = matchMedia('(prefers-color-scheme: dark)');
const dress = () => document.body.classList.toggle('dark', dark.matches);
dark.addEventListener('change', dress);
dress();
for (;;) {
  try {
    const found = await call('now');
    if (found.teacher) await see(found);
    else if (!(await askPassword())) break;
  } catch (error) {
    main.replaceChildren(made('p', { textContent: error.message }));
    drawn = '';
  }
  await pause(EVERY_MS);
}
main.replaceChildren(made('p', { textContent: 'These notes are the teacher’s.' }));
