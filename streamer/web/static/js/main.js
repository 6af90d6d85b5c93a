// The beginning: who is this, what is there, and which view is wanted.
import { get, onStranger, Problem } from "./api.js";
import { Feed } from "./feed.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { bar } from "./parts/bar.js";
import { banner, connected } from "./parts/banner.js";
import { help, offer } from "./parts/keys.js";
import { tokenPrompt } from "./parts/token.js";
import { receive } from "./receive.js";
import { route, to } from "./router.js";
import { loadStreams, store, tell } from "./store.js";
import { eventsView } from "./views/events.js";
import { shareView } from "./views/share.js";
import { streamForm } from "./views/stream-form.js";
import { streamView } from "./views/stream.js";
import { wallView } from "./views/wall.js";

/** Words and figures that no message brings. */
const REFRESH_MS = 10_000;
const root = /** @type {HTMLElement} */ (document.getElementById("view"));
const feed = new Feed(receive, (live) => {
  connected(live);
  if (live) refresh();
});

/** Why the service answers nobody here; empty: it does. */
let refused = "";

/** @param {string[]} path */
function view([place, id, what]) {
  if (refused) return turnedAway;
  if (store.session === null) return () => ({ title: "…" });
  if (isStranger()) return locked;
  if (place === "events") return eventsView;
  if (place === "share") return shareView;
  if (place === "add") return streamForm(null);
  if (place === "streams" && id) return what === "change" ? streamForm(id) : streamView(id);
  return wallView;
}

/** A token is needed, and none was given. */
const isStranger = () => store.session !== null && store.session.tokens_needed && store.session.name === null;

/** @param {HTMLElement} at */
function locked(at) {
  const enter = h(
    "button",
    { class: "button button-main", type: "button", onclick: () => tokenPrompt(begin) },
    "Enter a token",
  );
  at.append(h("section", { class: "empty" }, icon("lock"), h("h1", {}, "Only for those who have a token"), enter));
  return { title: "Token" };
}

/** No token would help; whoever runs the service must change something. @param {HTMLElement} at */
function turnedAway(at) {
  const words = h("p", {}, `It says: ${refused}`);
  at.append(h("section", { class: "empty" }, icon("lock"), h("h1", {}, "The service answers nobody here"), words));
  return { title: "Refused" };
}

const refresh = () => loadStreams().catch(() => {});

/** @param {string} why */
function turnAway(why) {
  if (why === refused) return;
  refused = why;
  again();
}

async function begin() {
  feed.stop();
  try {
    store.session = await get("/session");
  } catch (problem) {
    turnAway(problem instanceof Problem && [401, 403].includes(problem.status) ? problem.message : "");
    if (!refused) connected(false);
    setTimeout(begin, 2_000);
    return;
  }
  refused = "";
  tell("session");
  again();
  if (isStranger()) tokenPrompt(begin);
  else feed.start();
}

bar();
banner();
offer("w", "The wall", () => (location.hash = to()));
offer("e", "Events", () => (location.hash = to("events")));
offer("?", "These keys", help);
onStranger(() => {
  if (!store.session?.tokens_needed) return;
  feed.stop();
  tokenPrompt(begin);
});
const again = route(root, view);
setInterval(() => !document.hidden && store.connection.state === "live" && refresh(), REFRESH_MS);
begin();
