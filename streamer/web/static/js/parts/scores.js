// The best scores of a watch, as bars.
import { spoken, tint } from "../colours.js";
import { h, list, write } from "../dom.js";

const MOST = 5;

/** @param {import("../store.js").Watch} watch */
export function scoreBars(watch) {
  const element = h("ul", { class: "scores" }),
    parts = new Map();
  const make = (/** @type {[string, number]} */ [label]) => {
    const bar = h("span"),
      number = h("span", { class: "score-number" });
    const row = h(
      "li",
      { class: "score", style: { "--meter": tint(label, watch.labels) } },
      h(
        "span",
        { class: "score-name" },
        h("span", { class: "swatch", style: { "--tint": tint(label, watch.labels) } }),
        spoken(label),
      ),
      h("span", { class: "meter" }, bar),
      number,
    );
    return {
      element: row,
      update: (/** @type {[string, number]} */ [, share]) => {
        bar.style.setProperty("--share", String(share));
        write(number, `${Math.round(share * 100)} %`);
      },
    };
  };
  return {
    element,
    /** @param {Record<string, number> | undefined} scores */
    draw(scores) {
      const best = Object.entries(scores ?? {})
        .sort((a, b) => b[1] - a[1])
        .slice(0, MOST);
      list(element, best, ([label]) => label, make, parts);
    },
  };
}
