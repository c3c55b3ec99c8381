// "?" shows the keys, which are the same everywhere; films wait for whoever asks for less motion.

const SCHEME = [
  [
    '← →',
    'one step back and on: a beat, a place of the filter, a picture of a film, a round of a game, a step of a lesson',
  ],
  ['↑ ↓', 'the same along the other axis'],
  ['Shift + arrows', 'larger steps'],
  ['Space', 'play and pause; on a sheet to draw on: a dab'],
  ['Tab', 'to the next thing on the page'],
  ['Enter', 'press what is chosen; reveal an exercise'],
  ['Esc', 'close'],
  ['?', 'this list'],
];
const calm = window.matchMedia('(prefers-reduced-motion: reduce)');

function keySheet() {
  const there = document.getElementById('hub-keys');
  if (there) return there;
  const sheet = Object.assign(document.createElement('dialog'), { id: 'hub-keys', className: 'ch-keys' });
  sheet.setAttribute('aria-label', 'Keys');
  const list = document.createElement('dl');
  for (const [key, words] of SCHEME) {
    const name = document.createElement('dt');
    name.append(Object.assign(document.createElement('kbd'), { textContent: key }));
    list.append(name, Object.assign(document.createElement('dd'), { textContent: words }));
  }
  const close = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Close' });
  close.addEventListener('click', () => sheet.close());
  sheet.append(list, close);
  document.body.append(sheet);
  return sheet;
}

function showKeys() {
  const sheet = keySheet();
  if (!sheet.open) sheet.showModal();
}

document.addEventListener('keydown', (event) => {
  const writes = event.target.closest?.('input:not([type=radio], [type=checkbox], [type=range]), textarea, select');
  if (event.key !== '?' || writes || event.target.isContentEditable) return;
  event.preventDefault();
  showKeys();
});

const FRAME_S = 1 / 15; // of the films that the hub makes
const ARROWS = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓' };

// A film: Space plays and pauses, the arrows go a picture back and on, with Shift a second.
function steerFilm(film, event) {
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.key === ' ') film.paused ? film.play() : film.pause();
  else if (!way) return;
  else {
    film.pause();
    film.currentTime = Math.max(0, film.currentTime + way * (event.shiftKey ? 1 : FRAME_S));
  }
  event.preventDefault();
  event.stopPropagation();
}

// Buttons in a row that go somewhere: the arrow keys press the one with that arrow.
function steerRow(row, event) {
  const arrow = ARROWS[event.key];
  const button = arrow && [...row.querySelectorAll('button')].find((one) => one.textContent.trim().startsWith(arrow));
  if (!button) return;
  event.preventDefault();
  button.focus();
  button.click();
}

document.addEventListener(
  'keydown',
  (event) => {
    const row = event.target.closest?.('.ch-arrows');
    if (event.target.tagName === 'VIDEO' && !event.target.srcObject) steerFilm(event.target, event);
    else if (row) steerRow(row, event);
  },
  true,
);

// While nothing has the focus, the first stage or film in view is steered. In a lesson the arrows stay the lesson's.
function inView(one) {
  const { top, bottom, height } = one.getBoundingClientRect();
  const seen = Math.min(bottom, window.innerHeight) - Math.max(top, 0);
  return height > 0 && seen >= Math.min(height, window.innerHeight) / 2;
}

function isForThePage(event) {
  const lesson = document.documentElement.classList.contains('ch-in-lesson');
  const steers = event.key === ' ' || (!lesson && ['ArrowLeft', 'ArrowRight'].includes(event.key));
  const taken = event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey;
  return steers && !taken && event.target === document.body && !document.querySelector('dialog[open]');
}

function steerWhatIsSeen(event) {
  if (!isForThePage(event)) return;
  const { key, shiftKey } = event;
  const seen = [...document.querySelectorAll('[data-plays], .ch-film, video')].find(
    (one) => !one.srcObject && inView(one),
  );
  if (!seen) return;
  event.preventDefault();
  const takes = seen.dataset.plays ? seen.querySelector(seen.dataset.plays) : seen;
  if (seen.matches('.ch-film') && key === ' ') seen.click();
  else takes.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, bubbles: true, cancelable: true }));
}

document.addEventListener('keydown', steerWhatIsSeen);

// For whoever asked for less motion a film waits, whatever plays it when it arrives.
const started = new WeakSet();
for (const kind of ['pointerdown', 'keydown'])
  document.addEventListener(
    kind,
    (event) => {
      for (const film of event.target.closest?.('.block')?.querySelectorAll('video') ?? []) started.add(film);
    },
    true,
  );
document.addEventListener('loadstart', (event) => started.delete(event.target), true);
document.addEventListener(
  'play',
  ({ target }) => {
    if (calm.matches && !target.srcObject && !started.has(target)) target.pause();
  },
  true,
);

// A moving picture is a button with a still one next to it.
function showFilm(film, plays) {
  film.setAttribute('aria-pressed', String(plays));
  film.querySelector('source').media = plays ? 'not all' : 'all';
}

document.addEventListener('click', (event) => {
  const film = event.target.closest?.('.ch-film');
  if (film) showFilm(film, film.getAttribute('aria-pressed') !== 'true');
});

function lookAfter() {
  const footer = document.querySelector('footer');
  if (footer && !footer.querySelector('.ch-keys-button')) {
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'ch-keys-button' });
    button.textContent = 'Keys';
    button.addEventListener('click', showKeys);
    footer.append(button);
  }
  for (const film of document.querySelectorAll('.ch-film:not([aria-pressed])')) showFilm(film, !calm.matches);
  for (const film of document.querySelectorAll('video:not([tabindex])')) {
    film.tabIndex = 0;
    film.setAttribute('aria-label', 'Film: Space plays and pauses, arrows step');
  }
  if (!calm.matches) return;
  for (const film of document.querySelectorAll('video[autoplay]')) {
    film.autoplay = false;
    film.pause();
  }
}

new MutationObserver(lookAfter).observe(document.body, { childList: true, subtree: true });
lookAfter();
