// The newest events of one stream.
import { h, list } from "../dom.js";
import { to } from "../router.js";
import { eventRow } from "./event-row.js";

const MOST = 6;

/** @param {import("../history.js").EventHistory} history @param {string} id */
export function recent(history, id) {
  const rows = h("ul", { class: "events events-short" }),
    none = h(
      "p",
      { class: "soft small", hidden: true },
      "Nothing has happened yet. Events show up here as they are decided.",
    ),
    parts = new Map();
  const draw = () => {
    none.hidden = !history.known || history.newest.length > 0;
    list(
      rows,
      history.newest.slice(0, MOST),
      (one) => one.body.event_id ?? String(one.number),
      (one) => eventRow(one, { where: false }),
      parts,
    );
  };
  const leave = history.follow(draw);
  return {
    element: h(
      "section",
      { class: "card panel" },
      h("div", { class: "panel-head" }, h("h2", {}, "Newest events"), h("a", { href: to("events", id) }, "All")),
      rows,
      none,
    ),
    close() {
      leave();
      parts.forEach((part) => part.close());
    },
  };
}
