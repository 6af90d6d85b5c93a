// The watches of a stream in its form: at least one.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { may } from "../store.js";

/** @param {import("../stream-section.js").WatchValues[]} begun @param {string[]} names of recognizers */
export function watchFields(begun, names) {
  const rows = h("div", { class: "watch-rows" });
  const add = (/** @type {import("../stream-section.js").WatchValues} */ one) => {
    rows.append(row(one, names, () => number()));
    number();
  };
  const number = () =>
    [...rows.children].forEach((element, place) => {
      element.querySelectorAll("[data-name]").forEach((/** @type {any} */ field) => {
        field.id = `field-watch-${place}-${field.dataset.name}`;
        field.previousElementSibling.htmlFor = field.id;
      });
      /** @type {HTMLElement} */ (element.querySelector("button")).hidden = rows.children.length === 1;
    });
  begun.forEach(add);
  const more = h(
    "button",
    {
      class: "button",
      type: "button",
      onclick: () => {
        add({ id: `watch-${rows.children.length + 1}`, recognizer: names[0], procedure: "" });
        rows.lastElementChild?.querySelector("input")?.focus();
      },
    },
    icon("plus"),
    "Another watch",
  );
  const text = (/** @type {Element} */ element, /** @type {string} */ name) =>
    /** @type {any} */ (element.querySelector(`[data-name=${name}]`)).value.trim();
  return {
    element: h("fieldset", { class: "field" }, h("legend", {}, "What is looked for"), rows, more),
    /** @returns {import("../stream-section.js").WatchValues[]} */
    values: () =>
      [...rows.children].map((one) => ({
        id: text(one, "id"),
        recognizer: text(one, "recognizer"),
        procedure: text(one, "procedure"),
      })),
  };
}

/** @param {import("../stream-section.js").WatchValues} one @param {string[]} names @param {() => void} gone */
function row(one, names, gone) {
  const known = [...new Set([...names, one.recognizer])].filter(Boolean);
  const remove = h(
    "button",
    {
      class: "button button-plain button-icon",
      type: "button",
      "aria-label": "Remove this watch",
      onclick: () => {
        element.remove();
        gone();
      },
    },
    icon("trash"),
  );
  const element = h(
    "div",
    { class: "watch-row" },
    h(
      "div",
      {},
      h("label", {}, "Watch"),
      h("input", { "data-name": "id", type: "text", required: true, value: one.id, autocomplete: "off" }),
    ),
    h(
      "div",
      {},
      h("label", {}, "Recognizer"),
      h(
        "select",
        { "data-name": "recognizer", required: true },
        known.map((name) => h("option", { value: name, selected: name === one.recognizer }, name)),
      ),
    ),
    h(
      "div",
      // A file of the service's machine: see `sourceFields`.
      { hidden: !may("admin") && !one.procedure },
      h("label", {}, "Procedure (a file; may be empty)"),
      h("input", {
        "data-name": "procedure",
        type: "text",
        value: one.procedure,
        autocomplete: "off",
        spellcheck: false,
      }),
    ),
    remove,
  );
  return element;
}
