// Mark a moment and name the action: a clip around it goes to the data set that `takt teach` reads.
import { ask, get, wordsOf } from "../api.js";
import { now } from "../clock.js";
import { isBackground, spoken, tint } from "../colours.js";
import { h, write } from "../dom.js";
import { clockTime } from "../times.js";
import { sentence } from "../words.js";
import { dialog } from "./dialog.js";
import { toast } from "./toast.js";

const AROUND_S = 2,
  STEP_S = 1;
/** What the service calls a moment that shows none of the actions. */
const NONE = "background";

/** @param {string} label */
const named = (label) => (label === NONE ? "none of these" : spoken(label));

/** @param {import("../store.js").Stream} stream */
export async function markMoment(stream) {
  const began = now(),
    choices = h("div", { class: "choices", role: "group", "aria-label": "Known actions" });
  let at = began;
  const give = (/** @type {string} */ label) => {
    box.close();
    keepMoment(stream.id, label, at);
  };
  const [when, field] = [momentLine((moved) => (at = moved), began), nameField(give)];
  const around = `The clip from ${AROUND_S} s before to ${AROUND_S} s after it is kept as an example of:`;
  const cancel = h("button", { class: "button", type: "button", onclick: () => box.close() }, "Cancel");
  const box = dialog("Mark a moment", [
    when,
    h("p", { class: "soft small" }, around),
    choices,
    field,
    h("div", { class: "row dialog-end" }, cancel),
  ]);
  const names = await known(stream);
  choices.append(...names.map((name, place) => choice(name, place, stream, give)));
  box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const name = names[Number(event.key) - 1];
    const writes = event.target instanceof HTMLInputElement;
    if (name === undefined || writes || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    give(name);
  });
  choices.querySelector("button").focus();
}

/**
 * When it was, which can be moved: one presses late.
 * @param {(at: number) => void} moved
 * @param {number} began Unix seconds
 */
function momentLine(moved, began) {
  let at = began;
  const when = h("strong");
  const draw = () => write(when, clockTime(at, now()));
  const move = (/** @type {number} */ by) => {
    at = Math.min(now(), at + by);
    moved(at);
    draw();
  };
  const button = (/** @type {string} */ words, /** @type {number} */ by) =>
    h("button", { class: "button", type: "button", onclick: () => move(by) }, words);
  draw();
  const said = h("span", { "aria-live": "polite" }, "At ", when);
  return h("div", { class: "row" }, said, button("1 s earlier", -STEP_S), button("1 s later", STEP_S));
}

/** A name that is not among the known ones. @param {(name: string) => void} give */
function nameField(give) {
  const field = h("input", { id: "label-new", type: "text", autocomplete: "off", maxLength: 64, required: true });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (field.value.trim()) give(field.value.trim());
  };
  return h(
    "form",
    { class: "form", onsubmit: submit },
    h("label", { for: "label-new" }, "Another action"),
    h("div", { class: "row" }, field, h("button", { class: "button" }, "Keep as this")),
  );
}

/**
 * @param {string} name
 * @param {number} place its key, from 0
 * @param {import("../store.js").Stream} stream
 * @param {(name: string) => void} give
 */
function choice(name, place, stream, give) {
  const labels = stream.watches.flatMap((one) => one.labels);
  const key = place < 9 && h("kbd", { class: "key", "aria-hidden": "true" }, place + 1);
  const swatch = h("span", {
    class: "swatch",
    style: { "--tint": name === NONE ? "var(--grey)" : tint(name, labels) },
  });
  return h("button", { class: "button", type: "button", onclick: () => give(name) }, swatch, named(name), key);
}

/**
 * What the watches of a stream know, then what was marked before, then none of these.
 * @param {import("../store.js").Stream} stream
 * @returns {Promise<string[]>}
 */
async function known(stream) {
  const told = await get("/labels").catch(() => ({ labels: [] }));
  const marked = told.labels.map((/** @type {any} */ one) => one.label);
  const names = new Set([...stream.watches.flatMap((one) => one.labels), ...marked]);
  return [...[...names].filter((one) => one && !isBackground(one)), NONE];
}

/**
 * The service answers when the last second of the clip is there.
 * @param {string} stream
 * @param {string} label
 * @param {number} at Unix seconds
 */
async function keepMoment(stream, label, at) {
  const what = `${clockTime(at, now())} as “${named(label)}”`;
  toast(`Keeping ${what} …`);
  try {
    const kept = await ask("POST", "/labels", { stream, label, at, before_s: AROUND_S, after_s: AROUND_S });
    toast(`Marked ${what}.`, { label: "Undo", act: () => undo(kept.id) });
  } catch (problem) {
    toast(sentence(wordsOf(problem, "This service keeps no labels.")));
  }
}

/** @param {string} id */
async function undo(id) {
  try {
    await ask("DELETE", `/labels/${encodeURIComponent(id)}`);
    toast("The mark was taken back.");
  } catch (problem) {
    toast(sentence(wordsOf(problem)));
  }
}
