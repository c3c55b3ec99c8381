// The chosen tab's name goes into the address.
() => {
  const tab = document.querySelector('#hub-tabs > .tab-wrapper [role=tab][aria-selected=true]');
  const slug = tab?.id.match(/^tab-(.+)-button$/)?.[1];
  if (!slug) return;
  const url = new URL(window.location);
  url.searchParams.set('tab', slug);
  history.replaceState(null, '', url);
};
