// A dialog of the browser's own: it keeps the focus, and Escape closes it.
import { h } from "../dom.js";

/**
 * @param {string} title
 * @param {Node[]} inside
 * @param {string} [label] of the dialog where the title does not say enough
 */
export function dialog(title, inside, label) {
  const heading = h("h2", {}, title);
  const element = h(
    "dialog",
    { "aria-label": label ?? title, onclose: () => element.remove() },
    h("div", { class: "dialog" }, heading, inside),
  );
  document.body.append(element);
  element.showModal();
  return element;
}

/**
 * Ask before what cannot be undone.
 * @param {string} title
 * @param {string} words
 * @param {string} verb
 * @returns {Promise<boolean>}
 */
export function sure(title, words, verb) {
  return new Promise((decide) => {
    const no = h("button", { class: "button", type: "button", onclick: () => box.close() }, "Leave it");
    const yes = h("button", { class: "button button-danger", type: "button", onclick: () => box.close("yes") }, verb);
    const box = dialog(title, [h("p", {}, words), h("div", { class: "row dialog-end" }, no, yes)]);
    box.addEventListener("close", () => decide(box.returnValue === "yes"));
  });
}
