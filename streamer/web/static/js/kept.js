// Small choices of this browser. Where storage is forbidden they last as long as the page.
const held = new Map();

/** @param {string} name @param {string} fallback */
export function kept(name, fallback) {
  try {
    return localStorage.getItem(`takt-${name}`) ?? fallback;
  } catch {
    return held.get(name) ?? fallback;
  }
}

/** @param {string} name @param {string} value */
export function keep(name, value) {
  held.set(name, value);
  try {
    localStorage.setItem(`takt-${name}`, value);
  } catch {
    // Held above.
  }
}
