// The browser's own key: with it visitors can forget what they enrolled in the class gallery after a reload, too.
() => {
  const name = 'convhub-face-owner';
  let key = null;
  try {
    key = localStorage.getItem(name);
  } catch {}
  if (!key) {
    const bytes = crypto.getRandomValues(new Uint8Array(24));
    key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    try {
      localStorage.setItem(name, key);
    } catch {}
  }
  return key;
};
