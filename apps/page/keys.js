// "?" shows the keys, which are the same everywhere; whoever asks for less motion has to start films himself.

const SCHEME = [
  ['← →', 'one step back and on: a beat, a place of the filter, a step of a lesson'],
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

function lookAfter() {
  const footer = document.querySelector('footer');
  if (footer && !footer.querySelector('.ch-keys-button')) {
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'ch-keys-button' });
    button.textContent = 'Keys';
    button.addEventListener('click', showKeys);
    footer.append(button);
  }
  if (!calm.matches) return;
  for (const film of document.querySelectorAll('video[autoplay]')) {
    film.autoplay = false;
    film.pause();
  }
}

new MutationObserver(lookAfter).observe(document.body, { childList: true, subtree: true });
lookAfter();
