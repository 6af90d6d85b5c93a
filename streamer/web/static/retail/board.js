// What the broker has told, and what follows from it. No page and no network: see docs/mqtt.md for topics and bodies.

const MINUTE_MS = 60_000;
const MINUTES = 15;
const MOST_WATCHES = 500;
const MOST_SEEN = 1000;
const LATEST = 12;

export class Board {
  streams = new Map(); // topic without /status → its body
  watches = new Map(); // topic of a watch → {stream, name, state, last: {60, 300, 900}, counted}
  services = new Map(); // topic → "online" or "offline"
  latest = []; // events, the newest first
  behindMs = 0; // how far the service's clock is behind ours, as its newest messages tell
  #seen = new Set();
  #sure = false;

  /** Everything that arrives. `now`: milliseconds on a clock that never steps. */
  hear(topic, payload, retained, now) {
    const levels = topic.split("/");
    if (levels.at(-3) === "service" && levels.at(-1) === "status") return this.#service(topic, payload);
    if (!payload) return this.#gone(topic);
    let body;
    try {
      body = JSON.parse(payload);
    } catch {
      return; // somebody else's
    }
    if (body?.specversion && body.data) body = body.data; // mqtt.encoding: cloudevents
    if (body?.schema === "takt.status.v1") this.streams.set(parent(topic, 1), body);
    if (body?.schema === "takt.state.v1") this.#state(parent(topic, 1), body, retained);
    if (body?.schema === "takt.last.v1") this.#last(parent(topic, 2), body, retained, now);
    if (body?.schema === "takt.event.v1") this.#event(body, now);
  }

  /** From here on nothing is known until it is told again: a quiet topic and a dead broker look the same. */
  lost(now) {
    for (const watch of this.watches.values()) watch.counted.push({at: now, count: null});
  }

  forget() {
    this.streams.clear();
    this.watches.clear();
    this.services.clear();
    this.latest = [];
    this.#seen.clear();
  }

  get serviceAway() {
    const told = [...this.services.values()];
    return told.length > 0 && told.every((one) => one === "offline");
  }

  #service(topic, payload) {
    if (payload) this.services.set(topic, payload);
    else this.services.delete(topic);
  }

  #gone(topic) {
    this.streams.delete(parent(topic, 1));
    if (topic.endsWith("/state")) this.watches.delete(parent(topic, 1));
  }

  #state(topic, body, retained) {
    const watch = this.#watch(topic, body);
    if (!watch) return;
    watch.state = body;
    if (!retained) this.#clock(body.at);
  }

  #last(topic, body, retained, now) {
    const watch = this.#watch(topic, body);
    if (!watch) return;
    watch.last[body.window_s] = body;
    if (!retained) this.#clock(body.to);
    if (body.window_s !== 60) return;
    watch.counted.push({at: now, count: total(body).count});
    while (watch.counted[1]?.at < now - MINUTES * MINUTE_MS) watch.counted.shift();
  }

  #watch(topic, body) {
    if (!this.watches.has(topic) && this.watches.size < MOST_WATCHES)
      this.watches.set(topic, {topic, stream: body.stream, name: body.watch, state: null, last: {}, counted: []});
    return this.watches.get(topic);
  }

  #event(body, now) {
    if (this.#seen.has(body.event_id) || body.revision > 0) return; // at least once: what was seen is dropped
    this.#seen.add(body.event_id);
    if (this.#seen.size > MOST_SEEN) this.#seen.delete(this.#seen.values().next().value);
    this.latest = [{...body, heard: now}, ...this.latest].slice(0, LATEST);
  }

  #clock(at) {
    const behind = Date.now() - Date.parse(at);
    this.behindMs = this.#sure ? Math.min(behind, this.behindMs + 1000) : behind; // the quickest way is the truest
    this.#sure = true;
  }
}

const parent = (topic, levels) => topic.split("/").slice(0, -levels).join("/");

/** Of a window, all actions together: how many began, how long those took that ended, how long they went on. */
export function total(last) {
  const sum = {count: 0, ended: 0, took_s: 0, total_s: 0};
  for (const one of Object.values(last?.actions ?? {})) {
    sum.count += one.count;
    sum.ended += one.ended;
    sum.took_s += (one.dwell_s.mean ?? 0) * one.ended;
    sum.total_s += one.dwell_s.total;
  }
  return sum;
}

/** What began in each of the last 15 minutes, the oldest first: counted while this page listened, else the average that
 * is left for it in the windows of 5 and 15 minutes. `age_s`: how long the service has counted. */
export function trend(watch, now, age_s = Infinity) {
  const bars = Array.from({length: MINUTES}, (_, ago) => ({ago, count: countedAt(watch.counted, now - ago * MINUTE_MS)}));
  for (const bar of bars) if (bar.count === null && bar.ago * 60 >= age_s) bar.count = 0;
  const five = total(watch.last[300]).count, fifteen = total(watch.last[900]).count;
  spread(bars.slice(0, 5), five);
  spread(bars.slice(5), fifteen - five);
  return bars.reverse();
}

function countedAt(counted, at) {
  return counted.findLast((one) => one.at <= at)?.count ?? null;
}

function spread(bars, count) {
  const open = bars.filter((bar) => bar.count === null);
  const left = count - bars.reduce((sum, bar) => sum + (bar.count ?? 0), 0);
  for (const bar of open) Object.assign(bar, {count: Math.max(0, left / open.length), average: true});
}
