// The board of a class: pictures that were sent on purpose, and the buttons that send them.

import { address, button, call, made, sheet } from './parts.js';

const LONGEST = 640; // px of the side of a picture that is sent
const TILE = 84; // px of a digit on a sheet that is sent
const SMALL = 100; // px; smaller pictures stay pixels

// The board over the page; it shows what is new when it gets `now`.
export function boardSheet(first) {
  const grid = made('div', { className: 'ch-board' });
  const said = made('p', { textContent: 'Only what somebody sent on purpose; it is gone when the class ends.' });
  said.setAttribute('role', 'status');
  const dialog = sheet('The board', said, grid);
  let version = -1;
  let teaches = first.teacher;
  const removed = async (name) => {
    try {
      see(await call('remove', { name }));
    } catch (error) {
      said.textContent = error.message;
    }
  };
  const tile = ({ name, kind, mine }) => {
    const picture = made('img', {
      src: address(`board/${name}`),
      alt: `${kind}: a picture of the class`,
      loading: 'lazy',
    });
    const words = made('figcaption', { textContent: mine ? `${kind} · yours ` : `${kind} ` });
    if (teaches || mine) words.append(button('Remove', () => removed(name)));
    return made('figure', {}, picture, words);
  };
  async function see(now) {
    if (!dialog.open || !now.on || now.board.version === version) return;
    version = now.board.version;
    teaches = now.teacher;
    grid.replaceChildren(...(await call('board')).map(tile));
    grid.dataset.pictures = now.board.pictures;
  }
  see(first);
  return { see };
}

function drawn(canvas, pictures, columns, side) {
  const pen = canvas.getContext('2d');
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingEnabled = sizeOf(pictures[0])[0] >= SMALL;
  pictures.forEach((picture, place) => {
    const share = Math.min(...sizeOf(picture).map((length) => side / length));
    const [width, height] = sizeOf(picture).map((length) => length * share);
    pen.drawImage(picture, (place % columns) * side, Math.floor(place / columns) * side, width, height);
  });
}

function sizeOf(picture) {
  return [picture.naturalWidth ?? picture.width, picture.naturalHeight ?? picture.height];
}

// The pictures of an element; where a script draws, its large sheets.
function picturesOf(element) {
  const seen = (kind) => [...element.querySelectorAll(kind)].filter((one) => sizeOf(one)[0] && one.clientWidth);
  const images = seen('img');
  if (images.length) return images;
  const sheets = seen('canvas');
  const area = (one) => one.clientWidth * one.clientHeight;
  const largest = Math.max(...sheets.map(area));
  return sheets.filter((one) => area(one) > largest / 2);
}

// What an element shows as one picture: a single one as it is, several side by side.
function pictureOf(element) {
  const all = picturesOf(element);
  if (!all.length) return null;
  const canvas = made('canvas');
  if (all.length === 1) {
    const [width, height] = sizeOf(all[0]);
    const share = LONGEST / Math.max(width, height);
    [canvas.width, canvas.height] = [Math.round(width * share), Math.round(height * share)];
    drawn(canvas, all, 1, LONGEST);
  } else {
    const columns = Math.ceil(Math.sqrt(all.length * 1.5));
    const rows = Math.ceil(all.length / columns);
    const tile = sizeOf(all[0])[0] < SMALL ? TILE : LONGEST;
    const side = Math.min(tile, Math.floor(LONGEST / columns));
    [canvas.width, canvas.height] = [columns * side, rows * side];
    drawn(canvas, all, columns, side);
  }
  return new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.9));
}

function sender(element, tell) {
  const said = made('small');
  said.setAttribute('role', 'status');
  const send = button('Send to the class board', async () => {
    const picture = await pictureOf(element);
    send.disabled = true;
    try {
      if (!picture) throw new Error('There is no picture here yet.');
      const tab = element.closest('[role=tabpanel][id^="tab-"]').id.slice('tab-'.length).split('--')[0];
      tell(await call(`board?tab=${tab}`, picture));
      said.textContent = 'It is on the board.';
    } catch (error) {
      said.textContent = error.message;
    }
    send.disabled = false;
  });
  return made('div', { className: 'ch-send' }, send, said);
}

// Below every picture on the screen that may be sent: a button that sends it; `tell` hears what is on then.
export function offerSending(tell) {
  for (const element of document.querySelectorAll('.ch-sends')) {
    const inner = element.parentElement.closest('.ch-sends'); // gradio writes the class on the box and on its content
    const there = inner || element.querySelector(':scope > .ch-send');
    if (!there && element.querySelector('img, canvas') && element.getClientRects().length)
      element.append(sender(element, tell));
  }
}

// No class is on any more.
export function withdraw() {
  for (const one of document.querySelectorAll('.ch-send')) one.remove();
}
