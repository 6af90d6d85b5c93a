// All events, newest first, with filters; what happens meanwhile comes on top.
import { get, query, wordsOf } from "../api.js";
import { h, list, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { eventFilter } from "../parts/event-filter.js";
import { eventRow } from "../parts/event-row.js";
import { on, store } from "../store.js";

const PAGE = 60,
  MOST = 600;

/** @param {HTMLElement} root */
export function eventsView(root) {
  const rows = h("ul", { class: "events card" }),
    parts = new Map(),
    summary = h("p", { class: "soft", role: "status" });
  const none = h(
    "section",
    { class: "empty", hidden: true },
    icon("events"),
    h("h2", {}, "Nothing matches"),
    h(
      "p",
      {},
      "Nothing of this kind has happened in this time. Widen the filter, or wait: what happens shows up here by itself.",
    ),
  );
  const waiting = h("div", { class: "skeleton events-skeleton", "aria-hidden": "true" });
  const more = h("button", { class: "button", type: "button", hidden: true, onclick: () => load(false) }, "Older ones");
  let events = /** @type {{number: number, body: any}[]} */ ([]),
    next = /** @type {number | null} */ (null),
    asked = 0;
  const filter = eventFilter(location.hash, () => load(true));

  const draw = () => {
    list(
      rows,
      events,
      (one) => one.body.event_id ?? String(one.number),
      (one) => eventRow(one, { where: true }),
      parts,
    );
    rows.hidden = !events.length;
    none.hidden = events.length > 0 || !waiting.hidden;
    more.hidden = next === null || events.length >= MOST;
    write(
      summary,
      events.length
        ? `${events.length}${next === null ? "" : " newest"} ${events.length === 1 ? "event" : "events"}`
        : "",
    );
  };
  const load = async (/** @type {boolean} */ anew) => {
    const turn = (asked += 1);
    mark(rows, "aria-busy", "true");
    try {
      const found = filter.nothing()
        ? { events: [], next: null }
        : await get(`/events${query({ ...filter.asked(), before: anew ? null : next, limit: PAGE })}`);
      if (turn !== asked) return;
      events = anew ? found.events : [...events, ...found.events];
      next = found.next;
    } catch (problem) {
      if (turn === asked) write(summary, wordsOf(problem));
      return;
    } finally {
      waiting.hidden = true;
      mark(rows, "aria-busy", null);
    }
    draw();
  };
  const leaves = [
    on("event", (event) => {
      if (!filter.matches(event.body) || events.some((one) => one.number === event.number)) return;
      events = [event, ...events].slice(0, MOST);
      draw();
    }),
    on("connection", (state) => state === "live" && load(true)),
    on("streams", filter.streams),
  ];
  root.append(
    h("div", { class: "head" }, h("h1", {}, "Events"), summary),
    filter.element,
    waiting,
    none,
    rows,
    h("div", { class: "row events-end" }, more),
  );
  if (store.connection.state === "live") load(true);
  return {
    title: "Events",
    close() {
      leaves.forEach((leave) => leave());
      parts.forEach((part) => part.close());
    },
  };
}
