// What was done in front of every stream in the last minutes: for the wall.
import { get, query } from "./api.js";
import { now } from "./clock.js";
import { Segments } from "./segments.js";
import { on, store } from "./store.js";

const MOST = 1000;

export class Lately {
  /** @type {Map<string, Segments>} */
  #streams = new Map();
  #leaves;
  #span_s;

  /** @param {number} span_s how much is kept */
  constructor(span_s) {
    this.#span_s = span_s;
    this.#leaves = [
      on("event", ({ body }) => this.#take(body)),
      on("connection", (state) => state === "live" && this.#load()),
    ];
    if (store.connection.state === "live") this.#load();
  }

  close = () => this.#leaves.forEach((leave) => leave());

  /** @param {string} stream @returns {Segments} */
  of(stream) {
    const known = this.#streams.get(stream) ?? new Segments();
    this.#streams.set(stream, known);
    return known;
  }

  /** @param {any} body of an event */
  #take(body) {
    if (body.type !== "action") return;
    this.of(body.stream).take(body);
    this.of(body.stream).forget(now() - this.#span_s);
  }

  async #load() {
    const since = Math.floor(now() - this.#span_s);
    const { events } = await get(`/events${query({ type: "action", since, limit: MOST })}`).catch(() => ({
      events: [],
    }));
    events.forEach((/** @type {any} */ one) => this.#take(one.body));
  }
}
