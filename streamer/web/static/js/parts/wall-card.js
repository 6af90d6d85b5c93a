// One stream on the wall.
import { h, mark, write } from "../dom.js";
import { settle } from "../history.js";
import { icon } from "../icons.js";
import { store } from "../store.js";
import { to } from "../router.js";
import { lampOf, sentence, STATES } from "../words.js";
import { lamp } from "./lamp.js";
import { nowLine } from "./now.js";
import { picture } from "./picture.js";
import { procedure, procedureDots } from "./procedure.js";
import { ribbon } from "./ribbon.js";
import { taktClock } from "./takt.js";

const MOST_LINES = 3;
const ORDER = ["green", "amber", "red"];

/** @param {string} id of a stream that is there @param {import("../segments.js").Segments} segments of its last minutes */
export function wallCard(id, segments) {
  const stream = /** @type {import("../store.js").Stream} */ (store.streams.get(id));
  const shown = picture(id, { width: 640, fps: 8, alt: `Live picture of ${id}` });
  const light = lamp(),
    words = h("p", { class: "health-words" }),
    state = h("p", { class: "health-state" });
  const health = h("div", { class: "health" }, icon("camera-off"), state, words);
  const lines = stream.watches
    .slice(0, MOST_LINES)
    .map((watch) => ({ id: watch.id, ...nowLine(stream.watches.length > 1) }));
  const work = workLine(stream),
    strip = ribbon(segments);
  const frame = h(
    "div",
    { class: "frame" },
    shown.element,
    h(
      "div",
      { class: "over" },
      lines.map((one) => one.element),
    ),
    health,
  );
  const element = h(
    "li",
    { class: "card wall-card" },
    frame,
    strip.element,
    h(
      "div",
      { class: "wall-foot" },
      h("h2", {}, h("a", { class: "wall-link", href: to("streams", id) }, id)),
      light.element,
    ),
    work?.element,
  );

  const update = () => {
    const one = store.streams.get(id);
    if (!one) return;
    const live = one.state === "live" && !one.blind,
      called = urgent(one.watches);
    shown.show(one);
    light.update(lampOf(called?.andon));
    mark(element, "data-colour", called?.andon?.colour ?? "grey");
    mark(element, "data-live", live);
    health.hidden = live;
    write(state, one.blind ? "The camera sees nothing" : (STATES[one.state]?.[0] ?? one.state));
    write(words, sentence(one.words));
  };
  const tick = () => {
    const one = store.streams.get(id);
    if (!one) return;
    const live = one.state === "live" && !one.blind;
    for (const line of lines) {
      const watch = one.watches.find((each) => each.id === line.id);
      if (watch) line.draw(id, watch, live);
    }
    work?.draw(one);
    one.watches.forEach((watch) => settle(segments, watch));
    strip.draw(one);
  };
  update();
  tick();
  return { element, update, tick, close: shown.close };
}

/** The watch whose lamp is looked at first. @param {import("../store.js").Watch[]} watches */
export function urgent(watches) {
  return [...watches].sort((a, b) => ORDER.indexOf(b.andon?.colour) - ORDER.indexOf(a.andon?.colour))[0];
}

/** The unit that is worked on, where a watch follows a procedure. @param {import("../store.js").Stream} stream */
function workLine(stream) {
  const watch = stream.watches.find((one) => one.procedure);
  if (!watch?.procedure) return null;
  const clock = taktClock(),
    element = h("div", { class: "wall-work" }, clock.element);
  let dots = /** @type {any} */ (null);
  procedure(watch.procedure)
    .then((what) => {
      dots = procedureDots(what);
      element.append(dots.element);
    })
    .catch(() => {});
  return {
    element,
    /** @param {import("../store.js").Stream} newest */
    draw(newest) {
      const state = newest.watches.find((one) => one.id === watch.id)?.state;
      clock.draw(state);
      dots?.draw(state);
    },
  };
}
