// What gradio leaves without a name, or with one where none may be, for those who hear the page.

const UNNAMED = '.image-container > button:not([aria-label]), [aria-label="Empty value"]:not([role])';
let naming = 0;

function nameAll() {
  naming = 0;
  for (const one of document.querySelectorAll(UNNAMED)) {
    if (one.tagName === 'BUTTON') one.setAttribute('aria-label', 'Enlarge the picture');
    else one.setAttribute('role', 'img');
  }
}

new MutationObserver(() => {
  naming ||= setTimeout(nameAll, 200);
}).observe(document.body, { childList: true, subtree: true });
