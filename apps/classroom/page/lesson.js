// A lesson on top of the page: what to say, ask and watch at each step, by arrow keys or a presenter's remote control.
// With &present=1 it is the projector of a class (teach.js).

import { button, call, choices, kept, made, minutes, styled } from './parts.js';

const KEYS = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };
const SHOWN = ['notes', 'large']; // switches that stay from step to step

class Presenter {
  constructor(lesson, number, presents) {
    this.lesson = lesson;
    this.at = Math.min(Math.max(number, 1), lesson.steps.length) - 1;
    this.step = lesson.steps[this.at];
    this.presents = presents;
    if (this.at === 0 || !kept(`began-${lesson.name}`)) kept(`began-${lesson.name}`, Date.now());
    if (presents && kept('large') === null) kept('large', '1');
    this.began = Number(kept(`began-${lesson.name}`)) || Date.now();
    this.reveal = () => this.answered(this.step);
    this.bar = this.laidOut();
  }

  laidOut() {
    const { title, ask, watch, say } = this.step;
    const count = { textContent: `${this.at + 1} of ${this.lesson.steps.length}`, title: this.lesson.title };
    this.clock = made('span', { className: 'ch-clock' });
    this.said = made('span');
    this.said.setAttribute('role', 'status');
    this.count = made('span');
    this.buttons = this.offered();
    const head = made('div', { className: 'ch-lesson-head' }, made('span', count), this.clock);
    head.append(this.count, this.said, this.buttons);
    const line = (name, text) => made('p', { className: `ch-lesson-${name}` }, made('b', { textContent: name }), text);
    this.answers = made('div', { className: 'ch-answers' });
    this.watch = line('watch', watch);
    const bar = made('section', { className: 'ch-lesson' }, head, made('h2', { textContent: title }));
    bar.append(line('ask', ask), this.answers, this.watch, line('say', say));
    bar.setAttribute('aria-label', 'Lesson');
    if (this.step.choices.length) this.answered(this.step, 0);
    return bar;
  }

  offered() {
    const last = this.at === this.lesson.steps.length - 1;
    const row = made('div', { className: 'ch-lesson-buttons' });
    row.append(
      button('◀ Back', () => this.go(-1), this.at === 0),
      button('Next ▶', () => this.go(1), last),
    );
    if (this.step.choices.length) row.append(button('Reveal', () => this.reveal()));
    row.append(
      button('Notes', () => this.turn('notes')),
      button('Larger', () => this.turn('large')),
    );
    if (!this.presents) row.append(button('Present', () => location.assign(this.addressOf(this.at, true))));
    row.append(button('Leave', () => this.leave()));
    return row;
  }

  // The question's answers; what to watch gives the right one away, so it waits for it.
  answered(question, right = question.right) {
    this.answers.replaceChildren(choices({ ...question, right }));
    this.watch.hidden = !right;
    if (this.bar) this.look();
  }

  addressOf(at, presents = this.presents) {
    const step = `&lesson=${this.lesson.name}&step=${at + 1}`;
    return `${this.lesson.steps[at].link}${step}${presents ? '&present=1' : ''}`;
  }

  go(by) {
    if (this.lesson.steps[this.at + by]) this.show(this.at + by);
  }

  show(at) {
    location.assign(this.addressOf(at));
  }

  leave() {
    location.assign(this.step.link);
  }

  turn(what) {
    kept(what, kept(what) === '1' ? '0' : '1');
    this.look();
  }

  look() {
    for (const what of SHOWN) document.documentElement.classList.toggle(`ch-with-${what}`, kept(what) === '1');
    document.body.style.paddingBottom = `${this.bar.offsetHeight}px`;
  }

  tick() {
    const planned = this.lesson.steps.map((step) => step.minutes);
    const upTo = (count) => planned.slice(0, count).reduce((sum, one) => sum + one, 0);
    const [from, to, all] = [upTo(this.at), upTo(this.at + 1), upTo(planned.length)];
    this.clock.textContent = `${minutes((Date.now() - this.began) / 1000)} · this step ${from} to ${to} of ${all} min`;
  }

  // Keys that are meant for a field, a tab or a picture stay theirs.
  onKey(event) {
    const by = KEYS[event.key];
    const free = event.target === document.body || this.bar.contains(event.target);
    if (!by || !free || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.go(by);
  }

  start() {
    document.body.append(this.bar);
    document.documentElement.classList.add('ch-in-lesson');
    document.documentElement.classList.toggle('ch-presents', this.presents);
    document.addEventListener('keydown', (event) => this.onKey(event));
    this.look();
    this.tick();
    setInterval(() => this.tick(), 1000);
  }
}

const asked = new URLSearchParams(location.search);
const presents = asked.has('present');
const [lesson] = await Promise.all([
  call(`lesson/${encodeURIComponent(asked.get('lesson'))}`).catch(() => null),
  styled(),
]);
if (lesson) {
  const presenter = new Presenter(lesson, Number(asked.get('step')) || 1, presents);
  presenter.start();
  if (presents) (await import('./teach.js')).teach(presenter);
}
