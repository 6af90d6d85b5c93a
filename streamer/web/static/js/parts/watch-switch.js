// Which watch of a stream is looked at, where there are several.
import { h, mark } from "../dom.js";

/** @param {import("../store.js").Watch[]} watches @param {(watch: import("../store.js").Watch) => void} chosen */
export function watchSwitch(watches, chosen) {
  const buttons = watches.map((watch) => h("button", { type: "button", onclick: () => choose(watch) }, watch.id));
  const choose = (/** @type {import("../store.js").Watch} */ watch) => {
    buttons.forEach((button, place) => mark(button, "aria-pressed", String(watches[place] === watch)));
    chosen(watch);
  };
  return {
    element: h(
      "div",
      { class: "segmented", role: "group", "aria-label": "Watch", hidden: watches.length < 2 },
      buttons,
    ),
    begin: () => watches.length > 0 && choose(watches[0]),
  };
}
