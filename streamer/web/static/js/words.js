// What happened, in words. Pure.
import { duration } from "./times.js";
import { spoken } from "./colours.js";

/** Verdicts on steps: word, icon, colour of the lamp. @type {Record<string, [string, string, string]>} */
export const VERDICTS = {
  done: ["done", "check", "green"],
  missed: ["missed", "cross", "red"],
  out_of_order: ["out of order", "warning", "red"],
  undone: ["undone", "cross", "red"],
  premature: ["too early", "warning", "amber"],
  repeated: ["repeated", "repeat", "amber"],
  overtime: ["took too long", "clock", "amber"],
  undershoot: ["too fast", "clock", "amber"],
  inconclusive: ["could not be seen", "hidden", "amber"],
};

/** @type {Record<string, string>} */
const ENDINGS = {
  source_lost: "the camera was lost",
  source_ended: "the video ended",
  shutdown: "the service ended",
  too_long: "it took too long",
  actor_left: "who did it has left",
  model_changed: "the network was changed",
  interrupted: "the service was killed",
  next_began: "the next unit began",
  aborted: "it was aborted",
  idle: "nothing happened for long",
};

/** Reasons for which the lamp calls. @param {string} reason */
export function calledFor(reason) {
  const own = {
    abandoned: "unit abandoned",
    offline: "camera is offline",
    stalled: "camera is stalled",
    blind: "camera sees nothing",
  };
  return own[/** @type {keyof typeof own} */ (reason)] ?? `step ${VERDICTS[reason]?.[0] ?? spoken(reason)}`;
}

/** The lamp in words: [word, icon, colour]. @param {any} andon @returns {[string, string, string]} */
export function lampOf(andon) {
  if (!andon) return ["No lamp yet", "circle", "grey"];
  if (andon.colour === "green") return ["All well", "check", "green"];
  const about = andon.about?.step
    ? `${spoken(andon.about.step)} ${VERDICTS[andon.reason]?.[0] ?? spoken(andon.reason)}`
    : calledFor(andon.reason ?? "");
  return [about[0].toUpperCase() + about.slice(1), andon.colour === "red" ? "alarm" : "warning", andon.colour];
}

/** @type {Record<string, [string, string]>} state of a stream: [word, colour] */
export const STATES = {
  connecting: ["Connecting", "grey"],
  live: ["Live", "green"],
  stalled: ["Stalled", "amber"],
  backoff: ["Offline", "red"],
  rejected: ["Refused", "red"],
  stopped: ["Stopped", "grey"],
  ended: ["Ended", "grey"],
};

/**
 * Words of the service as sentences: `no picture comes; check the lens` and the like.
 * @param {string} words
 */
export const sentence = (words) =>
  (words ?? "")
    .split("; ")
    .filter(Boolean)
    .map((one) => (/^\S+:\/\//.test(one) ? one : one[0].toUpperCase() + one.slice(1)) + (/[.!?]$/.test(one) ? "" : "."))
    .join(" ");

/** @param {any} body of an event @returns {{icon: string, colour: string, what: string, more: string}} */
export function told(body) {
  const one = plain(body);
  return { ...one, what: one.what[0].toUpperCase() + one.what.slice(1) };
}

/** @param {any} body */
function plain(body) {
  if (body.type === "action") return acted(body);
  if (body.type === "step") return judged(body);
  if (body.type === "cycle") return moved(body);
  const plural = body.count === 1 ? "message is" : "messages are";
  return { icon: "gap", colour: "amber", what: `${body.count} ${plural} missing`, more: spoken(body.reason ?? "") };
}

/** @param {any} body */
function acted(body) {
  const name = spoken(body.action);
  if (body.phase === "started") return { icon: "play", colour: "", what: `${name} began`, more: "" };
  if (body.phase === "revised") return { icon: "edit", colour: "", what: `${name} was revised`, more: "" };
  const why = body.reason && body.reason !== "completed" ? (ENDINGS[body.reason] ?? spoken(body.reason)) : "";
  const took = body.duration_s === undefined ? "" : ` after ${duration(body.duration_s, true)}`;
  return { icon: "stop", colour: why ? "amber" : "", what: `${name} ended${took}`, more: why };
}

/** @param {any} body */
function judged(body) {
  const [word, icon, colour] = VERDICTS[body.verdict] ?? [spoken(body.verdict), "circle", "amber"];
  const took = body.took_s === undefined ? "" : ` in ${duration(body.took_s, true)}`;
  const before = body.missing?.length ? `before it: ${body.missing.map(spoken).join(", ")}` : "";
  return {
    icon,
    colour,
    what: `step ${spoken(body.step)} ${word}${took}`,
    more: [unit(body), before].filter(Boolean).join(", "),
  };
}

/** @param {any} body */
function moved(body) {
  const name = body.unit_id ? `unit ${body.unit_id}` : "unit";
  if (body.phase === "started")
    return { icon: "flag", colour: "", what: `${name} began`, more: spoken(body.procedure) };
  const over =
    body.deviation_s === undefined
      ? ""
      : `${duration(Math.abs(body.deviation_s), true)} ${body.deviation_s > 0 ? "over" : "under"} takt`;
  const left = body.left?.length ? `not seen: ${body.left.map(spoken).join(", ")}` : "";
  const why = body.phase === "abandoned" && body.reason ? (ENDINGS[body.reason] ?? spoken(body.reason)) : "";
  const took = body.took_s === undefined ? "" : ` in ${duration(body.took_s, true)}`;
  return {
    icon: "flag",
    colour: body.phase === "completed" && !left ? "green" : "amber",
    what: `${name} ${body.phase}${took}`,
    more: [why, over, left].filter(Boolean).join(", "),
  };
}

/** @param {any} body */
const unit = (body) => (body.unit_id ? `unit ${body.unit_id}` : "");
