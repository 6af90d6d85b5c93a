// Where on a timeline what lies. Pure; shares of the width in [0, 1].

/** Seconds between marks, so that five or six are seen. @type {Record<number, number>} */
const STEPS = { 60: 10, 300: 60, 900: 180 };

/**
 * @param {{from: number, to: number | null}} segment
 * @param {number} from
 * @param {number} to the span that is shown
 * @returns {{left: number, width: number}}
 */
export function place(segment, from, to) {
  const share = (/** @type {number} */ at) => Math.min(1, Math.max(0, (at - from) / (to - from)));
  const left = share(segment.from);
  return { left, width: share(segment.to ?? to) - left };
}

/** Marks at round times. @param {number} from @param {number} to @returns {{at: number, left: number}[]} */
export function marks(from, to) {
  const span = Math.round(to - from),
    step = STEPS[span] ?? Math.max(1, Math.round(span / 5));
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step)
    found.push({ at, left: (at - from) / (to - from) });
  return found;
}

/**
 * The takt clock: how much of the takt has passed, and by how much it is over.
 * @param {number} elapsed_s
 * @param {number | undefined} takt_s
 * @returns {{share: number, over_s: number}}
 */
export function taktOf(elapsed_s, takt_s) {
  if (!takt_s) return { share: 0, over_s: 0 };
  return { share: Math.min(1, Math.max(0, elapsed_s / takt_s)), over_s: Math.max(0, elapsed_s - takt_s) };
}
