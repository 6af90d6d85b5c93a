// The running timeline: a lane for each action, the newest at the right; beside it a table of the same.
import { now } from "../clock.js";
import { isBackground, spoken, tint } from "../colours.js";
import { h, list, mark, s, write } from "../dom.js";
import { marks, place } from "../geometry.js";
import { clockTime, duration, shortTime } from "../times.js";

const NS_WIDTH = 1000;

/**
 * @param {import("../segments.js").Segments} segments
 * @param {import("../store.js").Watch} watch
 */
export function timeline(segments, watch) {
  const lanes = h("div", { class: "lanes", role: "img" }),
    axis = h("div", { class: "axis", "aria-hidden": "true" });
  const laneParts = new Map(),
    markParts = new Map();
  return {
    element: h("div", { class: "timeline" }, lanes, axis),
    /** @param {number} span_s */
    draw(span_s) {
      const to = now(),
        from = to - span_s;
      const shown = segments.within(from, to, watch.id);
      list(
        lanes,
        rows(shown, watch),
        (row) => row.action,
        (row) => lane(row.action, watch),
        laneParts,
      );
      laneParts.forEach((part, action) =>
        part.draw(
          shown.filter((one) => one.action === action),
          from,
          to,
        ),
      );
      list(
        axis,
        marks(from, to),
        (one) => String(one.at),
        (one) => mark_(one.at, span_s),
        markParts,
      );
      marks(from, to).forEach((one) =>
        markParts.get(String(one.at)).element.style.setProperty("--left", String(one.left)),
      );
      mark(lanes, "aria-label", summary(shown, span_s, to));
    },
  };
}

/**
 * Lanes: all labels of the watch that are no background, and whatever else was seen.
 * @param {import("../segments.js").Segment[]} shown
 * @param {import("../store.js").Watch} watch
 */
function rows(shown, watch) {
  const seen = new Set(shown.map((one) => one.action));
  const few = watch.labels.length <= 9 ? watch.labels.filter((one) => !isBackground(one)) : [];
  return [...new Set([...few, ...seen])].map((action) => ({ action }));
}

/** @param {string} action @param {import("../store.js").Watch} watch */
function lane(action, watch) {
  const track = s("svg", { class: "lane-track", viewBox: `0 0 ${NS_WIDTH} 10`, preserveAspectRatio: "none" }),
    bars = new Map();
  const element = h(
    "div",
    { class: "lane", style: { "--tint": tint(action, watch.labels) } },
    h("span", { class: "lane-name" }, spoken(action)),
    track,
  );
  return {
    element,
    /** @param {import("../segments.js").Segment[]} shown @param {number} from @param {number} to */
    draw(shown, from, to) {
      list(
        track,
        shown,
        (one) => one.id,
        () => ({ element: s("rect", { class: "lane-bar", y: 1, height: 8, rx: 2 }) }),
        bars,
      );
      for (const one of shown) {
        const { left, width } = place(one, from, to),
          bar = bars.get(one.id).element;
        mark(bar, "x", (left * NS_WIDTH).toFixed(2));
        mark(bar, "width", Math.max(1.5, width * NS_WIDTH).toFixed(2));
        mark(bar, "data-open", one.to === null);
      }
    },
  };
}

/** @param {number} at @param {number} span_s */
function mark_(at, span_s) {
  return { element: h("span", { class: "axis-mark" }, at % 60 ? `:${at % 60}` : shortTime(at)) };
}

/** @param {import("../segments.js").Segment[]} shown @param {number} span_s @param {number} to */
function summary(shown, span_s, to) {
  const open = shown.filter((one) => one.to === null).map((one) => spoken(one.action));
  const going = open.length ? `now: ${open.join(", ")}` : "now: nothing";
  return `Timeline of the last ${duration(span_s)}: ${shown.length} actions, ${going}. The table has all of them.`;
}

/**
 * The same as a table.
 * @param {import("../segments.js").Segments} segments
 * @param {import("../store.js").Watch} watch
 */
export function segmentTable(segments, watch) {
  const body = h("tbody"),
    parts = new Map(),
    none = h("p", { class: "soft" }, "Nothing was recognized in this time.");
  const head = h(
    "tr",
    {},
    ["Action", "Began", "Ended", "Took", "Confidence"].map((one) => h("th", { scope: "col" }, one)),
  );
  const table = h(
    "table",
    {},
    h("caption", { class: "unseen" }, `Actions of watch ${watch.id}, newest first`),
    h("thead", {}, head),
    body,
  );
  const make = (/** @type {import("../segments.js").Segment} */ one) => {
    const ended = h("td"),
      took = h("td"),
      sure = h("td");
    const row = h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        h("span", { class: "swatch", style: { "--tint": tint(one.action, watch.labels) } }),
        ` ${spoken(one.action)}`,
      ),
      h("td", {}, clockTime(one.from, now())),
      ended,
      took,
      sure,
    );
    return {
      element: row,
      update: (/** @type {import("../segments.js").Segment} */ newest) => {
        write(ended, newest.to === null ? "goes on" : clockTime(newest.to, now()));
        write(took, newest.to === null ? "" : duration(newest.to - newest.from, true));
        write(sure, `${Math.round(newest.score * 100)} %`);
      },
    };
  };
  return {
    element: h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of actions" }, table, none),
    /** @param {number} span_s */
    draw(span_s) {
      const to = now(),
        shown = segments.within(to - span_s, to, watch.id).reverse();
      table.hidden = !shown.length;
      none.hidden = shown.length > 0;
      list(body, shown, (one) => one.id, make, parts);
    },
  };
}
