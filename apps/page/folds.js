// A fold that was opened stays open where gradio draws again what it stands in: a live chart keeps its numbers.

const opened = new Set(); // by where it stands

// The component that a fold stands in, and which of its folds it is.
function placeOf(fold) {
  const host = fold.parentElement.closest('[id]') ?? document.body;
  const same = [...host.querySelectorAll('details')].filter((one) => one.className === fold.className);
  return `${host.id} ${fold.className} ${same.indexOf(fold)}`;
}

document.addEventListener(
  'click',
  (event) => {
    const fold = event.target.closest?.('[role=tabpanel] summary')?.parentElement;
    if (!fold) return;
    if (fold.open) opened.delete(placeOf(fold));
    else opened.add(placeOf(fold));
  },
  true,
);

function reopen() {
  if (!opened.size) return;
  const shut = document.querySelectorAll('[role=tabpanel] details:not([open])');
  for (const fold of shut) if (opened.has(placeOf(fold))) fold.open = true;
}

new MutationObserver(reopen).observe(document.body, {
  childList: true,
  subtree: true,
  attributes: true,
  attributeFilter: ['open'],
});
