// Mark a moment and name the action: a clip around it goes to the data set that `takt teach` reads.
import { ask, get, wordsOf } from "../api.js";
import { now } from "../clock.js";
import { spoken, tint } from "../colours.js";
import { h, write } from "../dom.js";
import { clockTime } from "../times.js";
import { dialog } from "./dialog.js";
import { toast } from "./toast.js";

const AROUND_S = 2,
  STEP_S = 1;

/** @param {import("../store.js").Stream} stream */
export async function markMoment(stream) {
  let at = now();
  const when = h("strong"),
    wrong = h("p", { class: "mistake", role: "alert" }),
    field = h("input", { id: "label-new", type: "text", autocomplete: "off", maxLength: 64, required: true });
  const draw = () => write(when, clockTime(at, now()));
  const move = (/** @type {number} */ by) =>
    h(
      "button",
      {
        class: "button",
        type: "button",
        onclick: () => {
          at = Math.min(now(), at + by);
          draw();
        },
      },
      by < 0 ? "1 s earlier" : "1 s later",
    );
  const choices = h("div", { class: "choices", role: "group", "aria-label": "Known actions" });
  const form = h(
    "form",
    {
      class: "form",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        give(field.value.trim());
      },
    },
    h("label", { for: "label-new" }, "Another action"),
    h("div", { class: "row" }, field, h("button", { class: "button" }, "Keep as this")),
  );
  const give = async (/** @type {string} */ label) => {
    try {
      const kept = await ask("POST", "/labels", {
        stream: stream.id,
        label,
        at,
        before_s: AROUND_S,
        after_s: AROUND_S,
      });
      box.close();
      toast(`Marked ${clockTime(at, now())} as ${spoken(label)}.`, { label: "Undo", act: () => undo(kept.id) });
    } catch (problem) {
      write(wrong, wordsOf(problem, "This service keeps no labels."));
    }
  };
  draw();
  const box = dialog("Mark a moment", [
    h("div", { class: "row" }, h("span", {}, "At ", when), move(-STEP_S), move(STEP_S)),
    h(
      "p",
      { class: "soft small" },
      `The clip from ${AROUND_S} s before to ${AROUND_S} s after it is kept as an example of:`,
    ),
    choices,
    form,
    wrong,
    h(
      "div",
      { class: "row dialog-end" },
      h("button", { class: "button", type: "button", onclick: () => box.close() }, "Cancel"),
    ),
  ]);
  const names = await known(stream);
  choices.append(...names.map((name, place) => choice(name, place, stream, give)));
  box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const name = names[Number(event.key) - 1];
    if (name === undefined || event.target === field || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    give(name);
  });
  /** @type {HTMLElement | null} */ (choices.querySelector("button"))?.focus();
}

/**
 * @param {string} name
 * @param {number} place
 * @param {import("../store.js").Stream} stream
 * @param {(name: string) => void} give
 */
function choice(name, place, stream, give) {
  const labels = stream.watches.flatMap((one) => one.labels);
  const key = place < 9 && h("kbd", { class: "key", "aria-hidden": "true" }, place + 1);
  return h(
    "button",
    { class: "button", type: "button", onclick: () => give(name) },
    h("span", { class: "swatch", style: { "--tint": tint(name, labels) } }),
    spoken(name),
    key,
  );
}

/**
 * What the watches of a stream know, then what was marked before.
 * @param {import("../store.js").Stream} stream
 * @returns {Promise<string[]>}
 */
async function known(stream) {
  const told = await get("/labels").catch(() => ({ labels: [] }));
  const marked = told.labels.map((/** @type {any} */ one) => one.label);
  return [...new Set([...stream.watches.flatMap((one) => one.labels), ...marked])];
}

/** @param {string} id */
async function undo(id) {
  try {
    await ask("DELETE", `/labels/${encodeURIComponent(id)}`);
    toast("The mark was taken back.");
  } catch (problem) {
    toast(wordsOf(problem));
  }
}
