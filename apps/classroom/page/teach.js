// The projector of a class: what the teacher can do for everybody, and the answers as they come.

import { boardSheet } from './board.js';
import { askPassword, button, call, made, pause, sheet } from './parts.js';

const EVERY_MS = 1000;

class Teaching {
  constructor(presenter) {
    this.presenter = presenter;
    this.now = null;
    this.lead = button('Everyone follow me', () => this.tell('lead', { on: !this.now.leads }));
    this.board = button('Board', () => {
      this.pictures = boardSheet(this.now);
    });
    const phone = button('Phone', () => this.showPhone());
    presenter.buttons.prepend(this.lead, this.board, phone);
    presenter.buttons.append(button('Reset …', () => this.askReset()));
    presenter.show = (at) => this.stepTo(at);
    presenter.reveal = () => this.tell('reveal', {});
    presenter.leave = async () => {
      await this.tell('end', {});
      location.assign(presenter.step.link);
    };
  }

  async tell(path, words) {
    try {
      this.see(await call(path, words));
    } catch (error) {
      this.presenter.said.textContent = error.message;
    }
  }

  // The class goes first, so that the teacher's phone and this page mean the same step.
  async stepTo(at) {
    await this.tell('step', { lesson: this.presenter.lesson.name, step: at + 1 });
  }

  see(now) {
    const { presenter } = this;
    this.now = now;
    if (!now.on || this.going) return;
    if (now.lesson === presenter.lesson.name && now.step !== presenter.at + 1) {
      this.going = true; // once: a second time would break off the first
      location.assign(presenter.addressOf(now.step - 1));
      return;
    }
    presenter.began = Date.now() - 1000 * now.elapsed;
    const pages = now.leads ? `${now.following} of ${now.here} follow` : `${now.here} here`;
    const answers = now.question && sum(now.question.counts);
    const counted = `${answers} ${answers === 1 ? 'answer' : 'answers'}`;
    presenter.count.textContent = now.question ? `${pages} · ${counted}` : pages;
    this.pictures?.see(now);
    this.board.textContent = now.board.pictures ? `Board (${now.board.pictures})` : 'Board';
    this.lead.textContent = now.leads ? 'Let them go' : 'Everyone follow me';
    this.lead.setAttribute('aria-pressed', String(now.leads));
    const drawn = JSON.stringify(now.question);
    if (now.question && drawn !== this.drawn) presenter.answered(now.question);
    this.drawn = drawn;
    presenter.said.textContent = '';
  }

  async showPhone() {
    const { address, code } = await call('phone');
    const words = 'Your notes, in step with this page. They ask for the password.';
    const link = made('a', { href: address, textContent: address });
    sheet(
      'Notes on your phone',
      made('img', { src: code, alt: 'QR code' }),
      made('p', {}, link),
      made('p', { textContent: words }),
    );
  }

  askReset() {
    const words =
      'This wipes what the class has left here: answers, the board, everybody’s photos, paintings and other files, ' +
      'and all faces that were enrolled, in the class gallery, too. It cannot be undone.';
    const wipe = button('Wipe it all', async () => {
      asks.close();
      await this.tell('reset', {});
      await this.stepTo(0);
    });
    const asks = sheet('Reset for the next class?', made('p', { textContent: words }), wipe);
  }

  async follow() {
    for (;;) {
      await pause(EVERY_MS);
      try {
        this.see(await call('now'));
      } catch {
        this.presenter.said.textContent = 'The hub does not answer.';
      }
    }
  }
}

function sum(counts) {
  return counts.reduce((all, one) => all + one, 0);
}

export async function teach(presenter) {
  if (document.querySelector('[data-class]') === null) {
    presenter.said.textContent = 'For you alone: a hub started with --teacher PASS can lead a class.';
    return;
  }
  let now = await call('now');
  if (!now.teacher && !(await askPassword())) {
    location.assign(presenter.addressOf(presenter.at, false));
    return;
  }
  if (!now.teacher) now = await call('now');
  const teaching = new Teaching(presenter);
  if (now.on && now.lesson === presenter.lesson.name) teaching.see(now);
  else await teaching.stepTo(presenter.at);
  teaching.follow();
}
