// What the pages of a class share: requests, elements, what a browser's tab keeps, answers to choose from.

const CLASS = new URL('../../', import.meta.url); // ".../class/"

export function made(name, words = {}, ...inside) {
  const one = Object.assign(document.createElement(name), words);
  one.append(...inside);
  return one;
}

export function button(text, act, disabled = false) {
  return made('button', { type: 'button', textContent: text, onclick: act, disabled });
}

// What this tab of the browser remembers, where it may.
export function kept(key, value) {
  try {
    if (value !== undefined) sessionStorage.setItem(`hub-${key}`, value);
    return sessionStorage.getItem(`hub-${key}`);
  } catch {
    return null;
  }
}

export function address(path) {
  return new URL(path, CLASS).href;
}

// Ask for `path`, or send it `words`, plain values or a picture; what is refused throws the reason.
export async function call(path, words) {
  const isPicture = words instanceof Blob;
  const headers = { 'content-type': isPicture ? words.type : 'application/json' };
  const sent = words && { method: 'POST', body: isPicture ? words : JSON.stringify(words), headers };
  const answer = await fetch(address(path), { cache: 'no-store', ...sent });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.detail);
  return found;
}

// About `ms`, so that a class does not ask all at once; with a page that nobody sees, until somebody does.
export async function pause(ms) {
  await new Promise((done) => setTimeout(done, ms * (0.85 + 0.3 * Math.random())));
  if (!document.hidden) return;
  await new Promise((done) => document.addEventListener('visibilitychange', done, { once: true }));
}

export function styled() {
  const sheet = made('link', { rel: 'stylesheet', href: new URL('class.css', import.meta.url).href });
  const ready = new Promise((done) => {
    sheet.onload = sheet.onerror = done;
  });
  document.head.append(sheet);
  return ready;
}

// The answers to a question: with `counts` as bars, `right` and `mine` marked, to press where `choose` is given.
export function choices({ choices, counts, right, mine }, choose) {
  const most = Math.max(1, ...(counts ?? []));
  const total = (counts ?? []).reduce((sum, one) => sum + one, 0);
  const list = made('ol', { className: 'ch-choices', type: 'A' });
  choices.forEach((text, place) => {
    const number = place + 1;
    const words = made('span', { textContent: text });
    const line = choose ? button('', () => choose(number)) : made('div');
    line.append(words);
    if (choose) line.setAttribute('aria-pressed', String(mine === number));
    if (counts) {
      line.append(made('b', { textContent: `${counts[place]}`, title: `${counts[place]} of ${total} answers` }));
      line.style.setProperty('--share', `${(100 * counts[place]) / most}%`);
    }
    const marks = { 'ch-right': right === number, 'ch-mine': mine === number };
    line.className = Object.keys(marks)
      .filter((mark) => marks[mark])
      .join(' ');
    if (right === number) words.append(' ✓');
    list.append(made('li', {}, line));
  });
  return list;
}

export function minutes(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

// A sheet over the page with a title; it closes by its button and by Escape.
export function sheet(title, ...inside) {
  const dialog = made('dialog', { className: 'ch-sheet' });
  dialog.setAttribute('aria-label', title);
  const close = button('Close', () => dialog.close());
  dialog.append(made('header', {}, made('h2', { textContent: title }), close), ...inside);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// Ask for the teacher's password until it is right (true) or the sheet is closed (false).
export function askPassword() {
  const field = made('input', { type: 'password', autocomplete: 'current-password', required: true, autofocus: true });
  field.setAttribute('aria-label', 'The teacher’s password');
  const said = made('p');
  said.setAttribute('role', 'alert');
  const form = made(
    'form',
    {},
    made('label', {}, 'The teacher’s password ', field),
    made('button', { textContent: 'Go on' }),
    said,
  );
  const dialog = sheet('Teach a class', form);
  return new Promise((done) => {
    dialog.addEventListener('close', () => done(dialog.returnValue === 'right'));
    form.onsubmit = async (event) => {
      event.preventDefault();
      try {
        await call('teacher', { password: field.value });
        dialog.close('right');
      } catch (error) {
        said.textContent = error.message;
        field.select();
      }
    };
  });
}
