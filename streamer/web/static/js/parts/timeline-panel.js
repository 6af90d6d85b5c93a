// The timeline of the chosen watch with its span, or the table of the same.
import { h, mark } from "../dom.js";
import { icon } from "../icons.js";
import { settle } from "../history.js";
import { keep, kept } from "../kept.js";
import { segmentTable, timeline } from "./timeline.js";

const SPANS = [
  ["1 min", 60],
  ["5 min", 300],
  ["15 min", 900],
];

/** @param {import("../history.js").EventHistory} history */
export function timelinePanel(history) {
  const place = h("div", { class: "timeline-place" });
  let span_s = Number(kept("span", "60")),
    tabled = false;
  let watch = /** @type {import("../store.js").Watch | null} */ (null),
    shown = /** @type {{element: Element, draw: (span_s: number) => void} | null} */ (null);
  const spans = SPANS.map(([name, seconds]) =>
    h(
      "button",
      {
        type: "button",
        onclick: () => {
          span_s = Number(seconds);
          keep("span", String(seconds));
          press();
        },
      },
      name,
    ),
  );
  const table = h(
    "button",
    {
      class: "button button-plain",
      type: "button",
      onclick: () => {
        tabled = !tabled;
        build();
        press();
      },
    },
    icon("table"),
    "Table",
  );
  const press = () => {
    spans.forEach((button, one) => mark(button, "aria-pressed", String(SPANS[one][1] === span_s)));
    mark(table, "aria-pressed", String(tabled));
    shown?.draw(span_s);
  };
  const build = () => {
    if (!watch) return;
    shown = tabled ? segmentTable(history.segments, watch) : timeline(history.segments, watch);
    place.replaceChildren(shown.element);
  };
  press();
  return {
    element: h(
      "section",
      { class: "card panel" },
      h(
        "div",
        { class: "panel-head" },
        h("h2", {}, "Timeline"),
        h("div", { class: "row" }, h("div", { class: "segmented", role: "group", "aria-label": "Span" }, spans), table),
      ),
      place,
    ),
    /** @param {import("../store.js").Watch} one */
    choose(one) {
      watch = one;
      build();
    },
    /** @param {import("../store.js").Stream} stream */
    tick(stream) {
      const newest = stream.watches.find((one) => one.id === watch?.id);
      if (newest) settle(history.segments, newest);
      shown?.draw(span_s);
    },
  };
}
