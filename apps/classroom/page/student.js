// A student's page while a class is on: it follows the teacher unless its student says not to, and answers.

import { boardSheet, offerSending, withdraw } from './board.js';
import { button, call, choices, kept, made, pause, styled } from './parts.js';

const EVERY_MS = 2000;
const TROUBLED_MS = 10000; // while the hub does not answer

class Student {
  constructor() {
    this.bar = made('section', { className: 'ch-class' });
    this.bar.setAttribute('aria-label', 'Class');
    document.body.append(this.bar);
  }

  get free() {
    return kept('left') === this.now.key;
  }

  see(now) {
    this.now = now;
    this.board?.see(now);
    offerSending((found) => this.see(found));
    const drawn = JSON.stringify([now, this.free]);
    if (drawn !== this.drawn) this.draw();
    this.drawn = drawn;
    this.follow();
  }

  // Go where the teacher is, once for each of her turns: within a step everybody may look around.
  follow() {
    const { leads, link, key, turn } = this.now;
    const mark = `${key} ${turn}`;
    if (!leads || this.free || kept('followed') === mark) return;
    if (kept('followed', mark) === mark && location.search !== link) location.assign(link);
  }

  leave(away) {
    kept('left', away ? this.now.key : '');
    kept('followed', '');
    this.see(this.now);
  }

  draw() {
    const { leads, step, of, question, board } = this.now;
    const at = `step ${step} of ${of}`;
    const buttons = made('span');
    const open = () => {
      this.board = boardSheet(this.now);
    };
    if (board.pictures) buttons.append(button(`Board (${board.pictures})`, open));
    if (leads)
      buttons.append(this.free ? button('Follow', () => this.leave(false)) : button('Leave', () => this.leave(true)));
    const words = leads && !this.free ? `Your teacher leads: ${at}` : `Your class is at ${at}`;
    this.bar.replaceChildren(made('p', {}, words, buttons));
    this.bar.style.bottom = `${document.querySelector('.ch-lesson')?.offsetHeight ?? 0}px`; // a lesson for oneself
    this.bar.hidden = !leads && !question && !board.pictures;
    if (question) this.bar.append(...this.asked(question));
    document.body.style.paddingBottom = `${this.bar.offsetHeight}px`;
  }

  asked(question) {
    const choose = question.right ? undefined : (choice) => this.answer(choice);
    const shown = [made('p', { className: 'ch-ask', textContent: question.ask }), choices(question, choose)];
    if (question.right) shown.push(made('p', { textContent: question.watch }));
    const said = made('p', {
      textContent: question.mine && !question.right ? 'Sent. You may change it until it is revealed.' : '',
    });
    said.setAttribute('role', 'status');
    this.said = said;
    return [...shown, said];
  }

  async answer(choice) {
    try {
      this.see(await call('answer', { step: this.now.step, choice }));
      this.bar.querySelector('[aria-pressed=true]')?.focus();
    } catch (error) {
      this.said.textContent = error.message;
    }
  }

  end() {
    withdraw();
    this.bar.remove();
    document.body.style.paddingBottom = '';
  }
}

// A page that an earlier class has left open starts over, without its pictures.
function startsAnew(era) {
  const before = kept('era');
  kept('era', era);
  if (!before || before === era || kept('era') !== era) return false;
  location.assign(location.pathname);
  return true;
}

// Until the class is over.
export async function attend(first) {
  await styled();
  const student = new Student();
  let now = first;
  let wait = EVERY_MS;
  while (now.on && !now.teacher) {
    if (startsAnew(now.era)) return;
    student.see(now);
    await pause(wait);
    try {
      now = await call(`now?follows=${student.free ? 0 : 1}`);
      wait = EVERY_MS;
    } catch {
      wait = TROUBLED_MS;
    }
  }
  student.end();
}
