// A lesson on top of the page: what to say, ask and watch at each step, by arrow keys or a presenter's remote control.

const KEYS = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };
const SHOWN = ['notes', 'large']; // switches that stay from step to step

function made(name, words, ...inside) {
  const one = Object.assign(document.createElement(name), words);
  one.append(...inside);
  return one;
}

function kept(key, value) {
  if (value !== undefined) sessionStorage.setItem(`hub-${key}`, value);
  return sessionStorage.getItem(`hub-${key}`);
}

class Presenter {
  constructor(lesson, number) {
    this.lesson = lesson;
    this.at = Math.min(Math.max(number, 1), lesson.steps.length) - 1;
    this.step = lesson.steps[this.at];
    if (this.at === 0 || !kept(`began-${lesson.name}`)) kept(`began-${lesson.name}`, Date.now());
    this.clock = made('span', { className: 'ch-clock' });
    this.bar = this.laidOut();
  }

  laidOut() {
    const { title, ask, watch, say } = this.step;
    const count = `${this.lesson.title} · ${this.at + 1} of ${this.lesson.steps.length}`;
    const head = made('div', { className: 'ch-lesson-head' }, made('span', { textContent: count }), this.clock);
    const buttons = made('div', { className: 'ch-lesson-buttons' });
    const add = (text, act, off = false) =>
      buttons.append(made('button', { type: 'button', textContent: text, onclick: act, disabled: off }));
    add('◀ Back', () => this.go(-1), this.at === 0);
    add('Next ▶', () => this.go(1), this.at === this.lesson.steps.length - 1);
    add('Notes', () => this.turn('notes'));
    add('Larger', () => this.turn('large'));
    add('Leave', () => location.assign(this.step.link));
    head.append(buttons);
    const line = (name, text) => made('p', { className: `ch-lesson-${name}` }, made('b', { textContent: name }), text);
    const bar = made('section', { className: 'ch-lesson' }, head, made('h2', { textContent: title }));
    bar.append(line('ask', ask), line('watch', watch), line('say', say));
    bar.setAttribute('aria-label', 'Lesson');
    return bar;
  }

  go(by) {
    const next = this.lesson.steps[this.at + by];
    if (next) location.assign(`${next.link}&lesson=${this.lesson.name}&step=${this.at + by + 1}`);
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
    const seconds = Math.max(0, Math.floor((Date.now() - Number(kept(`began-${this.lesson.name}`))) / 1000));
    const minutes = this.lesson.steps.map((step) => step.minutes);
    const upTo = (count) => minutes.slice(0, count).reduce((sum, one) => sum + one, 0);
    const now = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    const [from, to, all] = [upTo(this.at), upTo(this.at + 1), upTo(minutes.length)];
    this.clock.textContent = `${now} · this step ${from} to ${to} of ${all} min`;
  }

  // Keys that are meant for a field, a tab or a picture stay theirs.
  onKey(event) {
    const by = KEYS[event.key];
    if (!by || (event.target !== document.body && !this.bar.contains(event.target))) return;
    event.preventDefault();
    this.go(by);
  }

  start() {
    document.body.append(this.bar);
    document.documentElement.classList.add('ch-in-lesson');
    document.addEventListener('keydown', (event) => this.onKey(event));
    this.look();
    this.tick();
    setInterval(() => this.tick(), 1000);
  }
}

const wantedLesson = new URLSearchParams(location.search).get('lesson');
if (wantedLesson) {
  const number = Number(new URLSearchParams(location.search).get('step')) || 1;
  server.lesson(wantedLesson).then(
    (lesson) => new Presenter(lesson, number).start(),
    () => {}, // there is none of that name: the page is there all the same
  );
}
