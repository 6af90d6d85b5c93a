// What the page knows, and who wants to hear when that changes. Bounded: events are kept by those who show them.
import { get } from "./api.js";
import { now } from "./clock.js";

/**
 * @typedef {{id: string, recognizer: string, labels: string[], region: number[], procedure: string | null, state: any, andon: any, last: any}} Watch
 * @typedef {{id: string, source: {kind: string, url?: string}, origin: string, state: string, reason: string, words: string,
 *   since_at: string | number, epoch: number, fps: number, blind: string, watches: Watch[]}} Stream
 */

const listeners = /** @type {Map<string, Set<(data: any) => void>>} */ (new Map());

export const store = {
  /** @type {Map<string, Stream>} in the service's order */
  streams: new Map(),
  /** Whether the list has come at all. */
  known: false,
  /** Newest scores by `stream/watch`. @type {Map<string, {at: number, scores: Record<string, number>}>} */
  scores: new Map(),
  /** Who looks; null: not known yet. @type {{name: string | null, scopes: string[], tokens_needed: boolean} | null} */
  session: null,
  /** Whether the feed is there, and since when it is not (Unix seconds). */
  connection: { state: /** @type {"starting" | "live" | "lost"} */ ("starting"), since: now() },
};

/**
 * @param {string} topic `streams`, `stream`, `event`, `scores`, `connection`, `session`
 * @param {(data: any) => void} told
 * @returns {() => void} leaves
 */
export function on(topic, told) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic)?.add(told);
  return () => listeners.get(topic)?.delete(told);
}

/** @param {string} topic @param {any} [data] */
export function tell(topic, data) {
  [...(listeners.get(topic) ?? [])].forEach((told) => told(data));
}

/** @param {string} scope */
export function may(scope) {
  const scopes = store.session?.scopes ?? [];
  return scopes.includes(scope) || scopes.includes("admin");
}

/** Ask for all streams again. */
export async function loadStreams() {
  const { streams } = await get("/streams");
  store.streams = new Map(streams.map((/** @type {Stream} */ one) => [one.id, one]));
  store.known = true;
  tell("streams");
}

/** @param {string} stream @param {string} watch @param {"state" | "andon"} what @param {any} body */
export function keepRetained(stream, watch, what, body) {
  const one = store.streams.get(stream)?.watches.find((each) => each.id === watch);
  if (!one) return;
  one[what] = body;
  tell("stream", stream);
}
