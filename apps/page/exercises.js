// Exercises: what is pressed goes to the server, which draws the next state; here stay only kind and number.

const FIRST = 1; // as in apps/exercises.py
const MOST = 999999;
let focusing = false;

function now() {
  const { kind, number } = element.querySelector('.ch-exercise')?.dataset ?? {};
  return { exercise: kind, number: Number(number) };
}

function send(what) {
  for (const button of element.querySelectorAll('button')) button.disabled = true;
  focusing = true;
  trigger('click', what);
}

element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-exercise]');
  if (button) send({ exercise: button.dataset.exercise, number: 1 + Math.floor(Math.random() * MOST) });
});

element.addEventListener('submit', (event) => {
  event.preventDefault();
  send({ ...now(), answer: new FormData(event.target).get('answer') ?? '' });
});

// After a step the keyboard goes on where one does: at the next exercise, or in the field of the one that is there.
watch('value', () => {
  if (focusing) {
    const next = element.querySelector('.ch-verdict > *') ? 'form [data-exercise]' : 'form input';
    element.querySelector(next)?.focus({ preventScroll: true });
    element.querySelector('.ch-verdict > *')?.scrollIntoView({ block: 'nearest' });
  }
  focusing = false;
  if (element.dataset.shown === 'by a link') window.hubLinks?.keepInView(element); // below an EKG's strip
  element.dataset.shown = '';
});

if (props.asked) {
  element.dataset.shown = 'by a link';
  trigger('click', { number: FIRST, ...props.asked });
}
window.hubLinks?.tell(element, () => {
  const first = element.querySelector('nav [data-exercise]')?.dataset.exercise;
  if (!first) return props.asked ?? {}; // not arrived yet
  return now().exercise === first && now().number === FIRST ? {} : now();
});
