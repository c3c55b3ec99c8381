// When the process that holds this page has gone: a sentence, and the page again, as it was set, from the one that goes
// on. On one machine that is the hub after a restart, behind HAProxy another one of its pages.

const LOOK_MS = 15_000; // between two looks while the page is seen
const AGAIN_MS = 2_000; // ... while nobody answers
const SLOW_MS = 8_000; // a busy hub has not gone
const HERD_MS = 1_500; // a whole class does not come at once
const RECENT_MS = 600_000; // since the page was there; later nobody remembers it
const SILENT = 'The machine that holds this page does not answer. The page looks for another one …';
const FOUND = 'The machine that held this page is gone. Another one is taking over …';
const MOVED =
  'The machine that held this page is gone; what you had not saved is lost. Another one goes on with your settings.';

class Keeper {
  constructor(mine) {
    this.mine = mine; // which process
    this.missed = 0; // looks without an answer
    this.bar = null;
    this.greet();
    this.next();
  }

  // A page that was made again in the same place of the browser, perhaps by somebody who pressed Reload.
  greet() {
    const [before, when] = (this.kept() ?? '').split(' ');
    if (before && before !== this.mine && Date.now() - Number(when) < RECENT_MS) this.tell(MOVED, true);
    this.keep();
  }

  kept() {
    try {
      return sessionStorage.getItem('hub-page');
    } catch {
      return null; // a frame in another site's page may have no storage
    }
  }

  keep() {
    try {
      sessionStorage.setItem('hub-page', `${this.mine} ${Date.now()}`);
    } catch {}
  }

  tell(words, closable = false) {
    this.hide();
    this.bar = Object.assign(document.createElement('div'), { className: 'ch-gone', textContent: words });
    this.bar.setAttribute('role', 'alert');
    if (closable) {
      const close = { type: 'button', textContent: 'Continue', onclick: () => this.hide() };
      this.bar.append(Object.assign(document.createElement('button'), close));
    }
    document.body.append(this.bar);
  }

  hide() {
    this.bar?.remove();
    this.bar = null;
  }

  next(delay = this.missed ? AGAIN_MS : LOOK_MS) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), delay * (0.75 + Math.random() / 2));
  }

  // The process that answers now; '' where none does, null where it takes long.
  async ask() {
    try {
      const options = { cache: 'no-store', signal: AbortSignal.timeout(SLOW_MS) };
      const answer = await fetch('gradio_api/app_id', options);
      return answer.ok ? String((await answer.json()).app_id) : '';
    } catch (error) {
      return error.name === 'TimeoutError' ? null : '';
    }
  }

  async look() {
    if (this.looking || this.leaving) return;
    if (document.hidden) return this.next();
    this.looking = true;
    const found = await this.ask();
    this.looking = false;
    if (found === this.mine) this.well();
    else if (found === '') this.miss();
    else if (found !== null) return this.leave();
    this.next();
  }

  well() {
    if (this.missed > 1) this.hide();
    this.missed = 0;
    this.keep();
    window.hubLinks.keep();
  }

  miss() {
    this.missed += 1;
    if (this.missed === 2) this.tell(SILENT);
  }

  leave() {
    this.leaving = true;
    this.tell(FOUND);
    window.hubLinks.settle();
    setTimeout(() => location.reload(), HERD_MS * (0.5 + Math.random() / 2));
  }
}

const holder = window.gradio_config?.app_id;
if (holder !== undefined && !window.hubKeeper) {
  window.hubKeeper = new Keeper(String(holder));
  const soon = () => window.hubKeeper.next(200);
  document.addEventListener('visibilitychange', () => document.hidden || soon());
  // The stream by which gradio knows that a page is there ends with its process. gradio itself reloads the page soon
  // after that, if it waits for an answer: the address has to be ready.
  const ended = (list) => {
    if (!list.getEntries().some((one) => one.name.includes('/heartbeat/'))) return;
    window.hubLinks.settle();
    soon();
  };
  new PerformanceObserver(ended).observe({ type: 'resource', buffered: true });
}
