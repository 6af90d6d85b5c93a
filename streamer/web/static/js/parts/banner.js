// Says that the connection to the service is lost, as long as it is.
import { every, now } from "../clock.js";
import { h, write } from "../dom.js";
import { icon } from "../icons.js";
import { store, tell } from "../store.js";
import { duration } from "../times.js";

/** It comes back faster than this without anybody being told. */
const PATIENCE_S = 1.5;

export function banner() {
  const root = document.getElementById("banner"),
    since = h("span", { "aria-hidden": "true" });
  const element = h(
    "div",
    { class: "banner" },
    icon("warning"),
    h("span", {}, "The connection to the service is lost. It is tried again by itself; what you see may be old."),
    since,
  );
  every(() => {
    const { state, since: lost } = store.connection,
      passed_s = now() - lost;
    const shown = state === "lost" && passed_s > PATIENCE_S;
    if (shown) write(since, duration(passed_s));
    if (shown && !element.isConnected) root?.append(element);
    if (!shown) element.remove();
  });
}

/** @param {boolean} live */
export function connected(live) {
  const state = live ? "live" : "lost";
  if (store.connection.state === state) return;
  store.connection = { state, since: now() };
  tell("connection", state);
}
