// Which colour an action has: by its place among the labels of its watch, so that it is the same everywhere.
const COLOURS = 8;

/** @param {string} action @param {string[]} labels of the watch, background included @returns {string} a CSS value */
export function tint(action, labels) {
  const place = labels.indexOf(action);
  const number = place >= 0 ? place : [...action].reduce((sum, one) => (sum * 31 + one.charCodeAt(0)) % 9973, 7);
  return `var(--action-${number % COLOURS})`;
}

/** `put_away` as it is read: "put away". @param {string} name */
export const spoken = (name) => name.replaceAll("_", " ");

/** Whether a label says that nothing is done. @param {string} label */
export const isBackground = (label) => /^(idle|background|nothing|none)$/.test(label);
