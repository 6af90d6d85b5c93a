// Single keys, which can be turned off: speech input would press them (WCAG 2.1.4).
import { h } from "../dom.js";
import { keep, kept } from "../kept.js";
import { dialog } from "./dialog.js";

/** What views offer now. @type {Map<string, {what: string, act: () => void}>} */
const offered = new Map();

/** @param {string} key @param {string} what @param {() => void} act @returns {() => void} withdraws it */
export function offer(key, what, act) {
  offered.set(key, { what, act });
  return () => offered.delete(key);
}

const wanted = () => kept("keys", "on") === "on";

/** @param {EventTarget | null} target */
const writing = (target) =>
  target instanceof Element && target.closest("input, textarea, select, [contenteditable], dialog") !== null;

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !wanted() || writing(event.target))
    return;
  const one = offered.get(event.key.toLowerCase());
  if (!one) return;
  event.preventDefault();
  one.act();
});

/** Which keys there are here. */
export function help() {
  const rows = [...offered].map(([key, { what }]) =>
    h("li", { class: "row" }, h("kbd", { class: "key" }, key.toUpperCase()), h("span", {}, what)),
  );
  const box = h("input", {
    type: "checkbox",
    checked: wanted(),
    onchange: () => keep("keys", box.checked ? "on" : "off"),
  });
  const done = h("button", { class: "button button-main", type: "button", onclick: () => shown.close() }, "Done");
  const shown = dialog("Keys", [
    h("ul", { class: "keys" }, rows),
    h("label", { class: "check" }, box, "Single keys act"),
    h("div", { class: "row dialog-end" }, done),
  ]);
}
