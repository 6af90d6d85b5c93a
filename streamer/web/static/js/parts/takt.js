// The takt clock: a ring that fills while a unit is worked on.
import { now } from "../clock.js";
import { h, mark, s, write } from "../dom.js";
import { taktOf } from "../geometry.js";
import { duration, stopwatch, unix } from "../times.js";

const RADIUS = 44,
  ROUND = 2 * Math.PI * RADIUS;

export function taktClock() {
  const arc = s("circle", { class: "takt-arc", cx: 50, cy: 50, r: RADIUS, "stroke-dasharray": ROUND });
  const ring = s(
    "svg",
    { class: "takt-ring", viewBox: "0 0 100 100", "aria-hidden": "true" },
    s("circle", { class: "takt-track", cx: 50, cy: 50, r: RADIUS }),
    arc,
  );
  const time = h("span", { class: "takt-time" }),
    of = h("span", { class: "takt-of" }),
    unit = h("strong", { class: "takt-unit" }),
    said = h("span", { class: "takt-said" });
  const element = h(
    "div",
    { class: "takt", role: "timer", "aria-label": "Takt clock" },
    h("div", { class: "takt-face" }, ring, h("div", { class: "takt-middle" }, time, of)),
    h("div", { class: "takt-words" }, unit, said),
  );
  return {
    element,
    /** @param {any} state the retained state of a watch */
    draw(state) {
      const cycle = state?.cycle,
        last = state?.last_cycle;
      const elapsed_s = cycle ? now() - unix(cycle.started_at) : 0;
      const { share, over_s } = taktOf(elapsed_s, cycle?.takt_s);
      arc.style.strokeDashoffset = String(ROUND * (1 - share));
      mark(element, "data-over", over_s > 0);
      mark(element, "data-idle", !cycle);
      write(time, cycle ? stopwatch(elapsed_s) : "–");
      write(of, cycle?.takt_s ? `of ${duration(cycle.takt_s)}` : "");
      write(unit, cycle ? (cycle.unit_id ?? "Unit at work") : "No unit at work");
      write(said, over_s > 0 ? `${duration(over_s, true)} over takt` : before(last));
    },
  };
}

/** @param {any} last the unit before */
function before(last) {
  if (!last) return "";
  const name = last.unit_id ? `Before: ${last.unit_id} ` : "Before: ";
  return (
    name +
    (last.took_s === undefined
      ? last.phase
      : `${last.phase === "abandoned" ? "abandoned after" : "took"} ${duration(last.took_s, true)}`)
  );
}
