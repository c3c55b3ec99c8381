// What the mouse, a finger, the wheel, the keyboard and the buttons do to the strip.

const CLICK_PX = 4; // a pointer that moves by more drags

function bindOnce() {
  const paper = find('.ekg-paper');
  if (!paper || paper.dataset.bound) return;
  paper.dataset.bound = '1';
  bindDrag(paper);
  bindWheel(paper);
  bindKeys(paper);
  bindOverview(find('.ekg-overview'));
  bindButtons();
  new ResizeObserver(draw).observe(paper);
}

function bindDrag(paper) {
  paper.addEventListener('pointerdown', (event) => {
    state.drag = { x: event.clientX, at: state.at, moved: 0, lastTime: event.timeStamp, lastX: event.clientX };
    state.velocity = 0;
    paper.setPointerCapture(event.pointerId);
  });
  paper.addEventListener('pointermove', (event) => {
    const drag = state.drag;
    if (!drag) return;
    const moved = event.clientX - drag.x;
    state.velocity = ((event.clientX - drag.lastX) / Math.max(1, event.timeStamp - drag.lastTime)) * 1000;
    Object.assign(drag, { lastTime: event.timeStamp, lastX: event.clientX });
    drag.moved = Math.max(drag.moved, Math.abs(moved));
    if (drag.moved > CLICK_PX) {
      state.playing = false;
      moveTo(drag.at - moved / PX_PER_S);
    }
  });
  paper.addEventListener('pointerup', (event) => {
    const drag = state.drag;
    state.drag = null;
    if (drag && drag.moved > CLICK_PX) startTicking();
    else if (drag && state.data) chooseAt(state.at + (event.clientX - paper.getBoundingClientRect().left) / PX_PER_S);
  });
  paper.addEventListener('pointercancel', () => {
    state.drag = null;
  });
}

// The beat nearest to a time, if there is one within half a second.
function chooseAt(time) {
  const after = firstFrom(time);
  const distance = (place) => Math.abs(state.data.times[place] - time);
  const [nearest] = [after - 1, after]
    .filter((place) => place >= 0 && place < state.data.times.length)
    .sort((one, other) => distance(one) - distance(other));
  if (nearest !== undefined && distance(nearest) < 0.5) choose(nearest);
}

function bindWheel(paper) {
  const scroll = (event) => {
    const sideways = event.shiftKey ? event.deltaY : 0;
    const delta = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : sideways;
    if (!delta) return;
    event.preventDefault();
    moveTo(state.at + delta / PX_PER_S);
  };
  paper.addEventListener('wheel', scroll, { passive: false });
}

function bindKeys(paper) {
  const keys = {
    ArrowLeft: (far) => moveTo(state.at - (far ? visible() : 1)),
    ArrowRight: (far) => moveTo(state.at + (far ? visible() : 1)),
    PageUp: () => moveTo(state.at - visible()),
    PageDown: () => moveTo(state.at + visible()),
    Home: () => moveTo(0),
    End: () => moveTo(state.data.duration),
    ' ': () => play(!state.playing),
    n: () => chooseNext(1),
    p: () => chooseNext(-1),
    Enter: () => choose(Math.min(state.data.times.length - 1, firstFrom(state.at + visible() / 2))),
  };
  paper.addEventListener('keydown', (event) => {
    if (!state.data || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key](event.shiftKey);
  });
}

function bindOverview(map) {
  const jump = (event) => {
    const share = (event.clientX - map.getBoundingClientRect().left) / map.clientWidth;
    if (state.data) moveTo(share * state.data.duration - visible() / 2);
  };
  map.addEventListener('pointerdown', (event) => {
    map.setPointerCapture(event.pointerId);
    map.dataset.down = '1';
    jump(event);
  });
  map.addEventListener('pointermove', (event) => {
    if (map.dataset.down) jump(event);
  });
  map.addEventListener('pointerup', () => {
    delete map.dataset.down;
  });
}

function bindButtons() {
  const onClick = (selector, act) => find(selector).addEventListener('click', act);
  onClick('.ekg-play', () => {
    state.following = false;
    play(!state.playing);
  });
  onClick('.ekg-back', () => moveTo(state.at - visible() * 0.9));
  onClick('.ekg-on', () => moveTo(state.at + visible() * 0.9));
  onClick('.ekg-previous', () => state.data && chooseNext(-1));
  onClick('.ekg-next', () => state.data && chooseNext(1));
  onClick('.ekg-inside', () => {
    document.querySelector('#ekg-beat')?.scrollIntoView({ behavior: going(), block: 'center' });
  });
  find('.ekg-speed').addEventListener('change', (event) => {
    state.speed = Number(event.target.value);
  });
  find('.ekg-filter').addEventListener('change', (event) => {
    state.filter = event.target.value;
    listBeats();
  });
}
