// The last minutes of a stream in one line, for the wall.
import { now } from "../clock.js";
import { tint } from "../colours.js";
import { list, mark, s } from "../dom.js";
import { place } from "../geometry.js";

const WIDTH = 1000;
/** Seconds that it shows. */
export const SPAN_S = 180;

/** @param {import("../segments.js").Segments} segments */
export function ribbon(segments) {
  const element = s("svg", {
    class: "ribbon",
    viewBox: `0 0 ${WIDTH} 10`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  const bars = new Map();
  return {
    element,
    /** @param {import("../store.js").Stream} stream */
    draw(stream) {
      const to = now(),
        from = to - SPAN_S,
        shown = segments.within(from, to);
      list(
        element,
        shown,
        (one) => one.id,
        (one) => ({ element: s("rect", { height: 10, style: { fill: tint(one.action, labels(stream, one.watch)) } }) }),
        bars,
      );
      for (const one of shown) {
        const { left, width } = place(one, from, to),
          bar = bars.get(one.id).element;
        mark(bar, "x", (left * WIDTH).toFixed(2));
        mark(bar, "width", Math.max(1.5, width * WIDTH).toFixed(2));
      }
    },
  };
}

/** @param {import("../store.js").Stream} stream @param {string} watch */
const labels = (stream, watch) => stream.watches.find((one) => one.id === watch)?.labels ?? [];
