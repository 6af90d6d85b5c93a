// One stream: its picture, what goes on, its timeline, the procedure, and what can be done with it.
import { every, now } from "../clock.js";
import { h, write } from "../dom.js";
import { icon } from "../icons.js";
import { EventHistory } from "../history.js";
import { scene } from "../parts/scene.js";
import { recent } from "../parts/recent.js";
import { streamActions } from "../parts/stream-actions.js";
import { timelinePanel } from "../parts/timeline-panel.js";
import { lamp } from "../parts/lamp.js";
import { watchPanel } from "../parts/watch-panel.js";
import { watchSwitch } from "../parts/watch-switch.js";
import { loadStreams, on, store } from "../store.js";
import { to } from "../router.js";
import { clockTime, duration, unix } from "../times.js";
import { STATES } from "../words.js";

/** @param {string} id @returns {(root: HTMLElement) => import("../router.js").View} */
export const streamView = (id) => (root) => {
  const place = h("div"),
    leaves = /** @type {(() => void)[]} */ ([]);
  root.append(place);
  let shown = /** @type {{close: () => void, key: string} | null} */ (null);
  const draw = () => {
    const stream = store.streams.get(id);
    const key = stream
      ? stream.watches.map((one) => `${one.id}/${one.procedure}`).join()
      : store.known
        ? "gone"
        : "waiting";
    if (shown?.key === key) return;
    shown?.close();
    place.replaceChildren();
    const part = stream ? whole(place, stream) : missing(place, id);
    shown = { key, close: part };
  };
  leaves.push(on("streams", draw));
  if (!store.known) loadStreams().catch(() => {});
  draw();
  return {
    title: id,
    close() {
      leaves.forEach((leave) => leave());
      shown?.close();
    },
  };
};

/** @param {HTMLElement} root @param {string} id */
function missing(root, id) {
  root.append(
    store.known
      ? h(
          "section",
          { class: "empty" },
          icon("camera-off"),
          h("h1", {}, `There is no stream “${id}”`),
          h("p", {}, "It was removed, or it never was."),
          h("a", { class: "button", href: to() }, "To the wall"),
        )
      : h("div", { class: "skeleton stream-skeleton", "aria-hidden": "true" }),
  );
  return () => {};
}

/** @param {HTMLElement} root @param {import("../store.js").Stream} stream */
function whole(root, stream) {
  const { id } = stream,
    history = new EventHistory(id),
    light = lamp(),
    words = h("p", { class: "stream-words" });
  const picture = scene(stream),
    lines = timelinePanel(history),
    watch = h("div", { class: "stream-watch" }),
    latest = recent(history, id);
  let panel = /** @type {ReturnType<typeof watchPanel> | null} */ (null);
  const choice = watchSwitch(stream.watches, (one) => {
    panel = watchPanel(id, one);
    watch.replaceChildren(panel.element);
    lines.choose(one);
    picture.choose(one.id);
  });
  const actions = streamActions(stream);
  root.append(
    h(
      "div",
      { class: "head" },
      h("a", { class: "button button-plain button-icon", href: to(), "aria-label": "Back to the wall" }, icon("back")),
      h("h1", {}, id),
      light.element,
      words,
      actions.element,
    ),
    h(
      "div",
      { class: "stream" },
      h("div", { class: "stream-main" }, picture.element, lines.element),
      h("div", { class: "stream-side" }, choice.element, watch, latest.element),
    ),
  );
  const update = () => {
    const one = store.streams.get(id);
    if (!one) return;
    const [word, colour] = one.blind ? ["Sees nothing", "amber"] : (STATES[one.state] ?? [one.state, "grey"]);
    light.update([word, colour === "green" ? "check" : colour === "grey" ? "circle" : "warning", colour]);
    picture.update(one);
    actions.update(one);
    panel?.update(one);
  };
  const tick = () => {
    const one = store.streams.get(id);
    if (!one) return;
    write(words, how(one));
    picture.tick(one);
    panel?.tick(one);
    lines.tick(one);
  };
  choice.begin();
  const leaves = [on("stream", (name) => name === id && update()), on("streams", update), every(tick)];
  history.begin();
  update();
  return () => [...leaves, picture.close, actions.close, latest.close, history.close].forEach((leave) => leave());
}

/** How it does, beside its name: pictures a second, or since when there are none. @param {import("../store.js").Stream} stream */
function how(stream) {
  if (stream.state === "live") return stream.fps ? `${Math.round(stream.fps)} pictures a second` : "";
  const since = unix(stream.since_at);
  return `since ${clockTime(since, now())}, ${duration(now() - since)}`;
}
