// The live feed: one connection for the whole page. It comes back by itself and takes up where it left off.
// `fetch` and not EventSource: that tells a missing token from a service that is away, and a page that sleeps may resume.
import { ROOT, refusal } from "./api.js";
import { SseParser } from "./sse.js";

const FIRST_MS = 500,
  MOST_MS = 8_000;
/** The service says something at least every 15 s. */
const SILENCE_MS = 40_000;
/** A page that is not seen lets go: a browser has six connections to a server, for all its tabs. */
const DOZE_MS = 20_000;

export class Feed {
  #told;
  #changed;
  #last = /** @type {string | null} */ (null);
  #halt = /** @type {AbortController | null} */ (null);
  #delay_ms = FIRST_MS;
  #timer = 0;
  #dozing = false;

  /**
   * @param {(type: string, data: any, id: string | null) => void} told of every message
   * @param {(live: boolean) => void} changed the connection came or went
   */
  constructor(told, changed) {
    this.#told = told;
    this.#changed = changed;
    let doze = 0;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(doze);
      if (document.hidden) doze = setTimeout(() => this.#sleep(), DOZE_MS);
      else if (this.#dozing) this.start();
    });
    addEventListener("online", () => this.#halt === null && this.start());
  }

  start() {
    this.stop();
    this.#dozing = false;
    const halt = (this.#halt = new AbortController());
    this.#run(halt)
      .catch(() => {})
      .finally(() => this.#over(halt));
  }

  stop() {
    clearTimeout(this.#timer);
    this.#halt?.abort();
    this.#halt = null;
  }

  #sleep() {
    this.#dozing = true;
    this.stop();
  }

  /** @param {AbortController} halt */
  #over(halt) {
    if (this.#halt !== halt) return; // stopped, or begun anew
    this.#halt = null;
    this.#changed(false);
    this.#timer = setTimeout(() => this.start(), this.#delay_ms * (0.75 + Math.random() / 2));
    this.#delay_ms = Math.min(MOST_MS, this.#delay_ms * 2);
  }

  /** One connection, to its end. @param {AbortController} halt */
  async #run(halt) {
    const headers = { Accept: "text/event-stream", ...(this.#last === null ? {} : { "Last-Event-ID": this.#last }) };
    const reply = await fetch(`${ROOT}/events/live`, {
      headers,
      credentials: "same-origin",
      signal: halt.signal,
      cache: "no-store",
    });
    if (!reply.ok || !reply.body) throw await refusal(reply);
    this.#delay_ms = FIRST_MS;
    this.#changed(true);
    const parser = new SseParser(),
      reader = reply.body.getReader();
    let silence = 0;
    try {
      for (;;) {
        clearTimeout(silence);
        silence = setTimeout(() => halt.abort(), SILENCE_MS);
        const { value, done } = await reader.read();
        if (done) return;
        parser.push(value).forEach((sent) => this.#take(sent));
      }
    } finally {
      clearTimeout(silence);
    }
  }

  /** @param {import("./sse.js").Sent} sent */
  #take(sent) {
    if (sent.id) this.#last = sent.id;
    this.#told(sent.type, JSON.parse(sent.data), sent.id);
  }
}
