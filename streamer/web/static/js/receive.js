// What comes over the feed goes into the store.
import { unix } from "./times.js";
import { keepRetained, loadStreams, store, tell } from "./store.js";

const EVENTS = new Set(["action", "step", "cycle", "gap"]);
/** A status comes in bursts: all are asked for again once. */
const SOON_MS = 150;
let soon = 0;

/** @param {string} type @param {any} data @param {string | null} id */
export function receive(type, data, id) {
  if (EVENTS.has(type)) tell("event", { number: Number(id), at: data.at, body: data });
  else if (type === "state" || type === "andon") keepRetained(data.stream, data.watch, type, data.body);
  else if (type === "scores") scored(data);
  else if (type === "status") again();
  else if (type === "streams") loadStreams().catch(() => {});
}

/** @param {any} data */
function scored(data) {
  store.scores.set(`${data.stream}/${data.watch}`, { at: unix(data.at), scores: data.scores });
  tell("scores", data);
}

function again() {
  clearTimeout(soon);
  soon = setTimeout(() => loadStreams().catch(() => {}), SOON_MS);
}
