// Which events are shown.
import { now } from "../clock.js";
import { spoken } from "../colours.js";
import { h } from "../dom.js";
import { parts } from "../router.js";
import { store } from "../store.js";
import { unix } from "../times.js";

const TYPES = [
  ["action", "Actions"],
  ["step", "Steps"],
  ["cycle", "Units"],
  ["gap", "Gaps"],
];
const SPANS = [
  ["", "Any time"],
  ["900", "Last 15 min"],
  ["3600", "Last hour"],
  ["86400", "Last day"],
  ["own", "From … to …"],
];

/** @param {string} hash which may name a stream: #/events/cell-4 @param {() => void} changed */
export function eventFilter(hash, changed) {
  const [, named = ""] = parts(hash);
  const stream = select("Stream", "filter-stream", () => (filled(), changed())),
    watch = select("Watch", "filter-watch", changed),
    action = select("Action or step", "filter-action", changed);
  const span = select("Time", "filter-span", () => (own(), changed()));
  const types = TYPES.map(([value, name]) =>
    h(
      "label",
      { class: "chip" },
      h("input", { type: "checkbox", value, checked: true, onchange: changed }),
      h("span", {}, name),
    ),
  );
  const [from, until] = ["From", "To"].map((name) =>
    h("input", { type: "datetime-local", id: `filter-${name.toLowerCase()}`, onchange: changed }),
  );
  const times = h("div", { class: "filter-times" }, field("From", from), field("To", until));
  const own = () => (times.hidden = span.value !== "own");

  const filled = () => {
    const all = [...store.streams.values()],
      chosen = all.filter((one) => !stream.value || one.id === stream.value),
      watches = chosen.flatMap((one) => one.watches);
    options(watch, ["", ...new Set(watches.map((one) => one.id))], "All");
    options(action, ["", ...new Set(watches.flatMap((one) => one.labels))], "All");
  };
  const streams = () => {
    options(stream, ["", ...new Set([...store.streams.keys(), ...(named ? [named] : [])])], "All");
    filled();
  };
  span.append(...SPANS.map(([value, name]) => h("option", { value }, name)));
  streams();
  stream.value = named;
  filled();
  own();
  const chosenTypes = () =>
    types
      .map((one) => one.querySelector("input"))
      .filter((box) => box.checked)
      .map((box) => box.value);
  const since = () =>
    span.value === "own"
      ? from.value
        ? Date.parse(from.value) / 1000
        : null
      : span.value
        ? now() - Number(span.value)
        : null;
  const to = () => (span.value === "own" && until.value ? Date.parse(until.value) / 1000 : null);
  return {
    element: h(
      "form",
      {
        class: "filter card",
        "aria-label": "Filter",
        onsubmit: (/** @type {Event} */ event) => event.preventDefault(),
      },
      h("fieldset", { class: "chips" }, h("legend", { class: "unseen" }, "Types"), types),
      field("Stream", stream),
      field("Watch", watch),
      field("Action or step", action),
      field("Time", span),
      times,
    ),
    streams,
    /** No type at all is chosen: there is nothing to ask for. */
    nothing: () => chosenTypes().length === 0,
    /** As the API wants it. */
    asked: () => ({
      type: chosenTypes().length === TYPES.length ? null : chosenTypes().join(","),
      stream: stream.value,
      watch: watch.value,
      action: action.value,
      since: since(),
      until: to(),
    }),
    /** Whether one that came just now is shown. @param {any} body */
    matches: (body) =>
      chosenTypes().includes(body.type) &&
      (!stream.value || body.stream === stream.value) &&
      (!watch.value || body.watch === watch.value) &&
      (!action.value || (body.action ?? body.step) === action.value) &&
      (to() === null || unix(body.at) <= /** @type {number} */ (to())),
  };
}

/** @param {string} label @param {string} id @param {() => void} changed @returns {HTMLSelectElement} */
function select(label, id, changed) {
  return h("select", { id, onchange: changed });
}

/** @param {string} label @param {HTMLElement} control */
function field(label, control) {
  return h("div", { class: "filter-field" }, h("label", { for: control.id }, label), control);
}

/**
 * Keep what is chosen where it is still there.
 * @param {HTMLSelectElement} box
 * @param {string[]} values
 * @param {string} all
 */
function options(box, values, all) {
  if ([...box.options].map((one) => one.value).join("\n") === values.join("\n") && box.options.length) return;
  const before = box.value;
  box.replaceChildren(...values.map((value) => h("option", { value }, value ? spoken(value) : all)));
  box.value = values.includes(before) ? before : "";
}
