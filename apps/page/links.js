// Links to what is on the screen: which tab the address names, "Copy link", and what a page in a slide leaves out.
// The form is that of apps/links.py, which reads it.

const VERSION = '1';
const LONGEST = 4000; // characters of a query
const PATIENCE_MS = 600; // until a sub-tab that has not arrived is linked to without its controls
const ARRIVED_MS = 20_000; // after the page was opened, all that its address asks for is there, or will not come
const KEEP_MS = 150; // after the visitor did something
const embedded = new URLSearchParams(location.search).get('embed') === '1';
const says = new WeakMap(); // element of a stage -> what its link has to say
const beside = new WeakMap(); // ... -> other sub-tabs whose links say it, too
const giving = new Map(); // ... -> what it gives to be taken home
const offered = []; // title, and how its controls are asked
let wait = 0;
let shown = null; // the title whose button was pressed
let wanted = ''; // what it does: link, code; or keep
let asking = false; // whether it waits for the controls
let latest = ''; // the query of what is on the screen, as it was kept last
let keeping = 0;
let serve = null; // the title's server functions
document.documentElement.classList.toggle('ch-embedded', embedded);

function pathOf(search) {
  return new URLSearchParams(search).get('tab') ?? '';
}

// The tab and the sub-tabs on the screen: "gan/latent-walk".
function chosen() {
  const panels = [...document.querySelectorAll('[role=tabpanel][id^="tab-"]')];
  const seen = panels.filter((panel) => panel.getClientRects().length);
  const names = seen.map((panel) => panel.id.slice('tab-'.length).replaceAll('--', '/'));
  return names.reduce((deepest, name) => (name.startsWith(deepest) ? name : deepest), '');
}

// The address asks for a sub-tab that is still on its way; one that never comes is not waited for.
function arriving() {
  return performance.now() < ARRIVED_MS && pathOf(location.search).startsWith(`${chosen()}/`);
}

function queryOf(path, rest = '') {
  return `?tab=${path}${embedded ? '&embed=1' : ''}${rest}`;
}

// The step of a lesson stays in the address, but is no part of a link.
function stepNow() {
  const query = new URLSearchParams(location.search);
  return ['lesson', 'step', 'present']
    .map((name) => (query.has(name) ? `&${name}=${encodeURIComponent(query.get(name))}` : ''))
    .join('');
}

// `path` without the sub-tabs that an address without them opens: each the first of its row.
function shortened(path) {
  const panel = document.getElementById(`tab-${path.replaceAll('/', '--')}`);
  const first = panel?.parentElement.querySelector(':scope > [role=tabpanel]') === panel;
  return first && path.includes('/') ? shortened(path.replace(/\/[^/]*$/, '')) : path;
}

// The address follows the tabs; what a link asked for is forgotten with its sub-tab.
function follow() {
  const now = chosen();
  const here = pathOf(location.search);
  if (!now || now === here || here.startsWith(`${now}/`)) return; // not arrived yet
  if (shortened(now) !== here) history.replaceState(null, '', queryOf(shortened(now), stepNow()));
}

function textOf(value) {
  if (Array.isArray(value)) return value.map(textOf).join(',');
  if (typeof value === 'number') return String(Number(value.toPrecision(12)));
  if (typeof value === 'boolean') return value ? '1' : '0';
  return String(value);
}

function written(name, value) {
  const plain = (code) => decodeURIComponent(code);
  const text = encodeURIComponent(textOf(value)).replaceAll('%20', '+');
  return `&${name}=${text.replace(/%(2C|3A|2F|3B|3D)/g, plain)}`;
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

// `controls`: [name, first value, the control that leads it, all that a link may say of it], in the order of `values`.
function copy(controls, values) {
  const now = Object.fromEntries(controls.map(([name], place) => [name, values[place]]));
  const moved = new Set(controls.filter(([name, first]) => !same(now[name], first)).map(([name]) => name));
  const telling = controls.filter(([name, , leader, only]) => {
    const known = now[name] !== null && now[name] !== undefined && (!only || only.includes(now[name]));
    return known && (moved.has(name) || moved.has(leader));
  });
  show(Object.fromEntries(telling.map(([name]) => [name, now[name]])));
  return [];
}

function stages() {
  const panel = shown.closest('[role=tabpanel]');
  const here = chosen();
  const tells = (one) => one.getClientRects().length || beside.get(one)?.includes(here);
  const seen = [...panel.querySelectorAll('[data-tells]')].filter(tells);
  return Object.assign({}, ...seen.map((one) => says.get(one)()));
}

function linkTo(path, values) {
  const parts = Object.entries(values).map(([name, value]) => written(name, value));
  return queryOf(path, parts.length ? `&v=${VERSION}${parts.join('')}` : '');
}

function show(values) {
  clearTimeout(wait);
  asking = false;
  const telling = { ...values, ...stages() };
  const full = linkTo(chosen(), telling);
  const short = Object.keys(telling).length ? full : queryOf(shortened(chosen()));
  if (wanted === 'keep') latest = full.length > LONGEST ? '' : short + stepNow();
  else if (full.length > LONGEST) shown.querySelector('[role=status]').textContent = 'This is too much for a link.';
  else if (wanted === 'code') showCode(full);
  else showLink(short);
}

// Where links lead: what the machine of the hub calls itself means another one elsewhere.
function place() {
  const here = new URL(location.pathname, location.origin);
  const { host } = document.querySelector('[data-host]')?.dataset ?? {};
  if (host && ['localhost', '127.0.0.1', '[::1]'].includes(here.hostname)) here.hostname = host;
  return here.href;
}

function showLink(query) {
  const field = shown.querySelector('input');
  const status = shown.querySelector('[role=status]');
  history.replaceState(null, '', query + stepNow());
  field.value = place() + query;
  field.hidden = false;
  field.select();
  copied(field.value).then((done) => {
    const words = done ? 'Copied.' : 'Copy it from here.';
    status.textContent = `${words} Photos, names, files and what is set for them are not part of it.`;
    if (!done) field.select();
  });
}

// The code that gives the numbers on the screen, and its two files.
async function showCode(query) {
  const sheet = shown.querySelector('.ch-code');
  const { name, script, notebook } = await serve.code(query);
  sheet.querySelector('pre code').textContent = script;
  const files = { py: [script, 'text/x-python'], ipynb: [notebook, 'application/x-ipynb+json'] };
  for (const link of sheet.querySelectorAll('[data-file]')) {
    const [text, type] = files[link.dataset.file];
    if (link.href) URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = `${name}.${link.dataset.file}`;
  }
  if (!sheet.open) sheet.showModal();
}

// What a link asks for stays in view while what stands above it arrives, until the visitor does something.
function keepInView(element, see = () => element.scrollIntoView({ block: 'nearest' })) {
  const watching = new ResizeObserver(see);
  const acts = ['wheel', 'pointerdown', 'keydown', 'touchstart'];
  const end = () => {
    watching.disconnect();
    for (const act of acts) document.removeEventListener(act, end, true);
  };
  for (const act of acts) document.addEventListener(act, end, { capture: true, passive: true });
  watching.observe(element.closest('[role=tabpanel][id^="tab-"]'));
  watching.observe(document.body);
  setTimeout(end, ARRIVED_MS);
  see();
}

// The row of a sub-tab that the address names may stand below the first screen, under a recording: it is brought up.
// The sub-tab that is open anyhow is meant only by a lesson; other links with it may be about the recording.
function bringUp(path) {
  const panel = document.getElementById(`tab-${path.replaceAll('/', '--')}`);
  const row = panel?.parentElement;
  if (row?.getClientRects().length && panel.getClientRects().length) {
    if (shortened(path) === path || stepNow())
      keepInView(panel, () => row.getBoundingClientRect().top > innerHeight / 2 && row.scrollIntoView());
  } else if (arriving() || chosen() === '') setTimeout(bringUp, 100, path);
}

// The visitor's results have been packed: `file` is where.
function save(file) {
  const link = Object.assign(document.createElement('a'), { href: file.url, download: file.orig_name });
  document.body.append(link);
  link.click();
  link.remove();
  shown.querySelector('[role=status]').textContent = `Saved as ${file.orig_name}.`;
  return [];
}

// Without HTTPS a browser has no clipboard for pages: the selected field is copied as in a text.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand('copy');
  }
}

// The buttons in `title`; `groups`: the sub-tabs whose controls `trigger` reads; `results`: what it calls for a zip;
// `server` knows the code.
function offer(title, trigger, server, groups, results) {
  offered.push({ title, trigger, groups });
  title.addEventListener('click', (event) => {
    const button = event.target.closest('[data-does]');
    if (!button) return;
    if (button.dataset.does === 'results') {
      shown = title;
      trigger(results, given());
      return;
    }
    [shown, wanted, serve, asking] = [title, button.dataset.does, server, true];
    ask(trigger, groups);
  });
}

function ask(trigger, groups) {
  clearTimeout(wait);
  const group = groupOf(groups);
  if (arriving()) wait = setTimeout(ask, 100, trigger, groups);
  else if (!group) show({});
  else {
    wait = setTimeout(() => show({}), PATIENCE_MS);
    trigger(group);
  }
}

// Of `groups` the one whose controls are on the screen.
function groupOf(groups) {
  const path = chosen();
  const near = groups.filter((group) => path === group || path.startsWith(`${group}/`));
  return near.reduce((deepest, one) => (one.length > deepest.length ? one : deepest), '');
}

// What is on the screen is kept as it changes: where the connection is lost, gradio asks no control any more.
function keep() {
  const now = offered.find((one) => one.title.getClientRects().length);
  if (!now || asking || arriving()) return;
  const group = groupOf(now.groups);
  [shown, wanted] = [now.title, 'keep'];
  if (group) now.trigger(group);
  else show({});
}

function keepSoon() {
  clearTimeout(keeping);
  keeping = setTimeout(keep, KEEP_MS);
}

// The page is about to be made again: its address takes what was kept.
function settle() {
  if (latest) history.replaceState(null, '', latest);
}

function tell(stage, what, others = []) {
  stage.dataset.tells = '';
  says.set(stage, what);
  beside.set(stage, others);
}

// What a stage keeps in the browser is taken home with the rest: `what` makes files by their names, as data: URLs, or
// nothing.
function give(stage, what) {
  giving.set(stage, what);
}

function csv(rows) {
  return `data:text/csv;base64,${btoa(rows.map((row) => `${row.join(',')}\n`).join(''))}`;
}

// Link and files of every stage that was used and has something to give.
function given() {
  const used = (stage) => stage.getClientRects().length || Object.keys(says.get(stage)()).length;
  const there = [...giving].filter(([stage]) => stage.isConnected && used(stage));
  const all = there.map(([stage, what]) => {
    const path = stage.closest('[role=tabpanel][id^="tab-"]').id.slice('tab-'.length).replaceAll('--', '/');
    return { query: linkTo(path, says.get(stage)()), files: what() };
  });
  return { given: all.filter(({ files }) => files) };
}

// Of a strip of samples: the one that a link asks for is clicked, and the link carries the one that the picture shows.
function samples(strip, trigger, shares, wanted) {
  if (!shares) return;
  const [name, first, picture, others] = shares;
  const buttons = [...strip.querySelectorAll('[data-sample]')];
  const now = () => {
    const source = document.querySelector(`#${picture} img`)?.src ?? '';
    const there = buttons.find((one) => source.includes(`/${one.dataset.sample}.`))?.dataset.sample;
    return there && there !== first ? { [name]: there } : {};
  };
  tell(strip, now, others);
  const asks = buttons.find((one) => one.dataset.sample === wanted?.[name]);
  if (asks) trigger('click', { ...asks.dataset });
}

document.addEventListener('click', (event) => {
  if (event.target.closest('.tab-wrapper')) setTimeout(follow, 50); // when the other panel is there
});
for (const kind of ['input', 'change', 'click']) document.addEventListener(kind, keepSoon, true);
if (pathOf(location.search).includes('/')) bringUp(pathOf(location.search));
window.hubLinks = { copy, csv, follow, give, keep, keepInView, offer, samples, save, settle, tell };
