// Segments of actions, out of their events. Pure; times are Unix seconds.
import { unix } from "./times.js";

/**
 * @typedef {{id: string, watch: string, action: string, from: number, to: number | null, score: number, reason: string | null}} Segment to null: it goes on
 */

/** At most so many are kept of a stream: a quarter of an hour with one every half second. */
export const MOST = 1800;

export class Segments {
  /** @type {Map<string, Segment>} */
  #by = new Map();

  /** Events may come twice and in any order. @param {any} body of an event */
  take(body) {
    if (body.type !== "action") return;
    const known = this.#by.get(body.action_id);
    const ended = body.phase === "ended";
    if (known && known.to !== null && !ended) return;
    this.#by.delete(body.action_id);
    this.#by.set(body.action_id, {
      id: body.action_id,
      watch: body.watch,
      action: body.action,
      from: unix(body.started_at ?? body.at),
      to: ended ? unix(body.at) : null,
      score: body.score,
      reason: body.reason ?? null,
    });
    while (this.#by.size > MOST) this.#by.delete(this.#by.keys().next().value ?? "");
  }

  /**
   * What touches a span, oldest first.
   * @param {number} from
   * @param {number} to
   * @param {string} [watch] only of this one
   * @returns {Segment[]}
   */
  within(from, to, watch) {
    const touching = [...this.#by.values()].filter(
      (one) => (watch === undefined || one.watch === watch) && one.from <= to && (one.to ?? to) >= from,
    );
    return touching.sort((a, b) => a.from - b.from);
  }

  /** Drop what ended before. @param {number} from */
  forget(from) {
    for (const one of this.#by.values()) if (one.to !== null && one.to < from) this.#by.delete(one.id);
  }

  /**
   * Of what is said to go on and does not: the feed may have lost its end.
   * @param {string} watch
   * @param {Set<string>} open
   * @param {number} at
   */
  settle(watch, open, at) {
    for (const one of this.#by.values())
      if (one.watch === watch && one.to === null && !open.has(one.id) && one.from < at - 5) one.to = at;
  }
}
