// The one place that asks what time it is. The service's clock counts: ages are right also where this machine's is wrong.

let ahead_s = 0;
/** @type {Set<() => void>} */
const ticking = new Set();
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Unix seconds by the service's clock. */
export function now() {
  return Date.now() / 1000 + ahead_s;
}

/** Seconds that never step. */
export function passed() {
  return performance.now() / 1000;
}

/**
 * The service said what time it is, in a Date header (whole seconds): below two of them nothing is corrected.
 * @param {string | null} date
 */
export function heard(date) {
  const told = date === null ? NaN : Date.parse(date) / 1000 + 0.5;
  if (Number.isNaN(told)) return;
  const ahead = told - Date.now() / 1000;
  ahead_s = Math.abs(ahead) < 2 ? 0 : ahead;
}

/**
 * Call `draw` now and four times a second while the page is seen, once where motion is not wanted.
 * @param {() => void} draw
 * @returns {() => void} stops it
 */
export function every(draw) {
  ticking.add(draw);
  draw();
  return () => ticking.delete(draw);
}

let beats = 0;
setInterval(() => {
  beats += 1;
  if (document.hidden || (still.matches && beats % 4)) return;
  ticking.forEach((draw) => draw());
}, 250);
