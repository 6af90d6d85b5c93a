// What happened in front of one stream lately: asked for once, then kept up to date by the feed.
import { get, query } from "./api.js";
import { now } from "./clock.js";
import { Segments } from "./segments.js";
import { on, store } from "./store.js";

const LONGEST_S = 900,
  PAGE = 200,
  PAGES = 6,
  NEWEST = 12;

export class EventHistory {
  #stream;
  #told = /** @type {Set<() => void>} */ (new Set());
  #leaves = /** @type {(() => void)[]} */ ([]);
  segments = new Segments();
  /** The newest events of all types, newest first. @type {{number: number, body: any}[]} */
  newest = [];
  known = false;

  /** @param {string} stream */
  constructor(stream) {
    this.#stream = stream;
  }

  begin() {
    this.#leaves = [
      on("event", (event) => event.body.stream === this.#stream && this.#take([event])),
      on("connection", (state) => state === "live" && this.#load()),
    ];
    if (store.connection.state === "live") this.#load();
  }

  close = () => this.#leaves.forEach((leave) => leave());

  /** @param {() => void} told of whatever is new */
  follow(told) {
    this.#told.add(told);
    return () => this.#told.delete(told);
  }

  async #load() {
    const since = Math.floor(now() - LONGEST_S);
    let before = /** @type {number | null} */ (null);
    try {
      const latest = await get(`/events${query({ stream: this.#stream, limit: NEWEST })}`);
      this.#take(latest.events);
      for (let page = 0; page < PAGES; page += 1) {
        const found = await get(
          `/events${query({ type: "action", stream: this.#stream, since, before, limit: PAGE })}`,
        );
        found.events.forEach((/** @type {any} */ one) => this.segments.take(one.body));
        before = found.next;
        if (before === null) break;
      }
    } catch {
      // The feed brings what happens from now on.
    }
    this.known = true;
    this.#told.forEach((told) => told());
  }

  /** @param {{number: number, body: any}[]} events */
  #take(events) {
    events.forEach((one) => this.segments.take(one.body));
    const all = new Map([...this.newest, ...events].map((one) => [one.body.event_id ?? one.number, one]));
    this.newest = [...all.values()].sort((a, b) => b.number - a.number).slice(0, NEWEST);
    this.segments.forget(now() - LONGEST_S - 60);
    this.#told.forEach((told) => told());
  }
}

/**
 * Actions that the board of a watch does not show any more are over.
 * @param {Segments} segments
 * @param {import("./store.js").Watch} watch
 */
export function settle(segments, watch) {
  if (!watch.state || store.connection.state !== "live") return;
  segments.settle(watch.id, new Set(watch.state.open.map((/** @type {any} */ one) => one.action_id)), now());
}
