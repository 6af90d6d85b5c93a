// What goes on in front of a watch, how sure that is, and since when.
import { now } from "../clock.js";
import { spoken, tint } from "../colours.js";
import { h, mark, write } from "../dom.js";
import { store } from "../store.js";
import { duration, unix } from "../times.js";

/** Scores older than this say nothing of now. */
const FRESH_S = 3;

/**
 * @param {string} stream
 * @param {import("../store.js").Watch} watch
 * @returns {{action: string, share: number, since: number} | null} null: nothing
 */
export function doing(stream, watch) {
  const one = watch.state?.action;
  if (!one) return null;
  const told = store.scores.get(`${stream}/${watch.id}`);
  const fresh = told && now() - told.at < FRESH_S ? told.scores[one.action] : undefined;
  return { action: one.action, share: fresh ?? one.score, since: unix(one.since) };
}

/** A line over the picture; call `draw` as time goes. @param {boolean} named whether the watch must be named */
export function nowLine(named) {
  const whose = h("span", { class: "now-watch" }),
    what = h("span", { class: "now-action" }),
    sure = h("span", { class: "now-sure" });
  const since = h("span", { class: "now-since" }),
    bar = h("span"),
    meter = h("span", { class: "meter now-meter" }, bar);
  const element = h("div", { class: "now" }, named && whose, h("div", { class: "now-row" }, what, sure), meter, since);
  return {
    element,
    /** @param {string} stream @param {import("../store.js").Watch} watch @param {boolean} live */
    draw(stream, watch, live) {
      const one = live ? doing(stream, watch) : null;
      write(whose, watch.id);
      write(what, one ? spoken(one.action) : live ? "nothing" : "–");
      write(sure, one ? `${Math.round(one.share * 100)} %` : "");
      write(since, one ? `for ${duration(Math.max(0, now() - one.since))}` : quiet(watch, live));
      mark(element, "data-idle", one === null);
      bar.style.setProperty("--share", String(one?.share ?? 0));
      element.style.setProperty("--meter", one ? tint(one.action, watch.labels) : "transparent");
    },
  };
}

/** @param {import("../store.js").Watch} watch @param {boolean} live */
function quiet(watch, live) {
  const since = watch.state?.quiet_since;
  return live && since ? `for ${duration(now() - unix(since))}` : "";
}
