// A part of the page is asked for when its placeholder is on the screen. The page may be about to go to the tab that
// its address asks for, so a part that has just appeared waits for a moment.
new IntersectionObserver(
  (entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    setTimeout(() => {
      if (!element.getClientRects().length) return;
      observer.disconnect();
      trigger('expand');
    }, 30);
  },
  { rootMargin: '300px' },
).observe(element);
