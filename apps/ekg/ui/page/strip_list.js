// The list of abnormal beats under the strip, and the beat that is chosen.

function listBeats() {
  const list = find('.ekg-list');
  if (!list) return;
  find('.ekg-inside').hidden = true;
  const data = state.data;
  find('.ekg-count').textContent = data?.counts[state.filter] ?? '';
  const shown = data ? data.listed.filter((place) => state.filter.includes(data.classes[place])) : [];
  list.replaceChildren(...shown.slice(0, data?.most_listed).map(beatButton));
}

function beatButton(place) {
  const { times, called, classes, sure, names } = state.data;
  const letter = classes[place];
  const doubtful = called[place] !== letter;
  const time = clockAt(times[place]);
  const mark = Object.assign(document.createElement('b'), { textContent: called[place] });
  mark.style.color = `var(--ekg-${letter[0]})`; // follows light and dark
  const likely = Object.assign(document.createElement('span'), { textContent: sure[place] });
  const button = Object.assign(document.createElement('button'), { type: 'button' });
  button.dataset.place = place;
  button.append(mark, ` ${time} `, likely);
  button.classList.toggle('doubtful', doubtful);
  const probability = sure[place] ? `, probability ${sure[place]}` : '';
  button.setAttribute('aria-label', `${doubtful ? 'perhaps ' : ''}${names[letter]} beat at ${time}${probability}`);
  button.addEventListener('click', () => choose(place));
  return button;
}

// A beat that the visitor points at is looked into: the view opens at once, not with the answer, which may come after
// the visitor has gone on to another one.
function choose(place) {
  document.querySelector('#ekg-below [role=tab]').click();
  show(place);
}

// A beat on the strip and, through the event, from the inside.
function show(place) {
  const data = state.data;
  if (place < 0 || place >= data.times.length) return;
  Object.assign(state, { chosen: place, playing: false });
  const time = data.times[place];
  if (time < state.at + 0.3 || time > state.at + visible() - 0.6) moveTo(time - visible() / 2);
  draw();
  for (const button of element.querySelectorAll('.ekg-list button'))
    button.classList.toggle('chosen', Number(button.dataset.place) === place);
  const index = place + data.first;
  const inside = find('.ekg-inside');
  inside.hidden = false;
  inside.textContent = `Beat ${index + 1}: ${`${data.called[place]} ${data.sure[place]}`.trim()} · why? ↓`;
  lookInside({ index, token: data.token });
}

// What shows the beat may still be on its way; of several that were asked for meanwhile, the last one counts.
function lookInside(beat) {
  clearTimeout(state.looks);
  if (document.querySelector('#ekg-beat')) trigger('select', beat);
  else state.looks = setTimeout(lookInside, 100, beat);
}

// The next abnormal beat, or with -1 the one before.
function chooseNext(step) {
  const { times, classes } = state.data;
  const from = state.chosen >= 0 ? state.chosen : firstFrom(state.at + visible() / 2);
  for (let place = from + step; place >= 0 && place < times.length; place += step)
    if (state.filter.includes(classes[place])) {
      choose(place);
      return;
    }
}
