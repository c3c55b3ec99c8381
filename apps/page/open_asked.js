// The tab that the address asks for, if the hub has it.
() => {
  const slug = new URL(window.location).searchParams.get('tab') ?? '';
  const there = document.getElementById(`tab-${slug}-button`) !== null;
  return there ? { __type__: 'update', selected: slug } : { __type__: 'update' };
};
