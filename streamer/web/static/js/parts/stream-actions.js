// What can be done with a stream: mark a moment, change, stop or start, remove. What one may not do is not shown.
import { ask, get, streamPath, wordsOf } from "../api.js";
import { h, mark } from "../dom.js";
import { icon } from "../icons.js";
import { may } from "../store.js";
import { to } from "../router.js";
import { sure } from "./dialog.js";
import { offer } from "./keys.js";
import { markMoment } from "./marking.js";
import { toast } from "./toast.js";

const FIXED = "This service changes its streams only by its configuration.";

/** @param {import("../store.js").Stream} stream */
export function streamActions({ id }) {
  let newest = /** @type {import("../store.js").Stream | null} */ (null);
  const tag = h(
    "button",
    { class: "button button-main", type: "button", hidden: true, onclick: () => newest && markMoment(newest) },
    icon("tag"),
    "Mark a moment",
  );
  const change = h("a", { class: "button", href: to("streams", id, "change") }, icon("edit"), "Change");
  const stop = h("button", {
    class: "button",
    type: "button",
    onclick: () => act(newest?.state === "stopped" ? "start" : "stop"),
  });
  const remove = h(
    "button",
    { class: "button button-danger", type: "button", onclick: () => removal(id) },
    icon("trash"),
    "Remove",
  );
  const leave = may("label")
    ? offer("m", "Mark a moment", () => !tag.hidden && newest && markMoment(newest))
    : () => false;
  const act = async (/** @type {string} */ verb) => {
    try {
      await ask("POST", `${streamPath(id)}/${verb}`);
    } catch (problem) {
      toast(wordsOf(problem, FIXED));
    }
  };
  if (may("label")) keepsLabels().then((kept) => (tag.hidden = !kept));
  const control = [change, stop, remove];
  control.forEach((one) => (one.hidden = !may("control")));
  return {
    element: h("div", { class: "head-end" }, tag, control),
    /** @param {import("../store.js").Stream} one */
    update(one) {
      newest = one;
      const stopped = one.state === "stopped";
      if (stop.dataset.stopped === String(stopped)) return;
      mark(stop, "data-stopped", String(stopped));
      stop.replaceChildren(icon(stopped ? "play" : "pause"), stopped ? "Start" : "Stop");
    },
    close: () => void leave(),
  };
}

/** @type {Promise<boolean> | null} */
let labelled = null;

/** Not every service keeps labels; while it runs, that does not change. */
function keepsLabels() {
  labelled ??= get("/config").then(
    (config) => Boolean(config.labels?.folder),
    () => true, // who may not ask will be told
  );
  return labelled;
}

/** @param {string} id */
async function removal(id) {
  const words =
    "The service stops looking at it; what goes on ends. Events that were published stay. A stream of the configuration file is back at the next start.";
  if (!(await sure(`Remove “${id}”?`, words, "Remove"))) return;
  try {
    await ask("DELETE", streamPath(id));
    toast(`“${id}” was removed.`);
    location.hash = to();
  } catch (problem) {
    toast(wordsOf(problem, FIXED));
  }
}
