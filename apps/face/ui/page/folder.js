// Sends every file of a folder with its path, then says which came and which were lost.
element.addEventListener('change', async (event) => {
  const label = element.querySelector('span');
  const files = [...event.target.files];
  const sent = [];
  const lost = [];
  for (const file of files.length > MOST_FILES ? [] : files) {
    const name = file.webkitRelativePath || file.name;
    label.textContent = `Sending ${sent.length + lost.length + 1} of ${files.length}`;
    try {
      sent.push({ name, path: (await upload(file)).path });
    } catch {
      lost.push(name);
    }
  }
  label.textContent = 'Choose a folder';
  event.target.value = '';
  if (files.length) trigger('submit', { files: sent, lost, count: files.length });
});
