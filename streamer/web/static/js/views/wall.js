// The wall: every stream with its picture, what goes on, and whether somebody is called.
import { every } from "../clock.js";
import { h, list, write } from "../dom.js";
import { icon } from "../icons.js";
import { Lately } from "../lately.js";
import { SPAN_S } from "../parts/ribbon.js";
import { wallCard } from "../parts/wall-card.js";
import { may, on, store } from "../store.js";
import { to } from "../router.js";

/** @param {HTMLElement} root */
export function wallView(root) {
  const summary = h("p", { class: "soft" }),
    grid = h("ul", { class: "wall" }),
    parts = new Map(),
    lately = new Lately(SPAN_S);
  const add = h("a", { class: "button", href: to("add") }, icon("plus"), "Add a stream");
  const waiting = h(
    "ul",
    { class: "wall", "aria-hidden": "true" },
    [0, 1, 2].map(() => h("li", { class: "card" }, h("div", { class: "skeleton wall-skeleton" }))),
  );
  const empty = none();
  root.append(
    h("div", { class: "head" }, h("h1", {}, "Wall"), summary, h("div", { class: "head-end" }, add)),
    waiting,
    empty,
    grid,
  );

  const draw = () => {
    const streams = [...store.streams.values()];
    waiting.hidden = store.known;
    empty.hidden = !store.known || streams.length > 0;
    add.hidden = !may("control") || !streams.length;
    list(
      grid,
      streams,
      (one) => one.id,
      (one) => wallCard(one.id, lately.of(one.id)),
      parts,
    );
    write(summary, store.known && streams.length ? summed(streams) : "");
  };
  const leaves = [
    on("streams", draw),
    on("stream", draw),
    on("session", draw),
    every(() => parts.forEach((part) => part.tick())),
  ];
  draw();
  return {
    title: "Wall",
    close() {
      [...leaves, lately.close].forEach((leave) => leave());
      parts.forEach((part) => part.close());
    },
  };
}

/** @param {import("../store.js").Stream[]} streams */
function summed(streams) {
  const live = streams.filter((one) => one.state === "live").length;
  const calling = streams.filter((one) =>
    one.watches.some((watch) => watch.andon && watch.andon.colour !== "green" && !watch.andon.acknowledged),
  ).length;
  const many = streams.length === 1 ? "1 stream" : `${streams.length} streams`;
  return `${many}, ${live} live. ${calling ? `${calling} ${calling === 1 ? "calls" : "call"} for somebody.` : "Nobody is called."}`;
}

/** What to do where there is no stream. */
function none() {
  const control = may("control");
  const ways = control
    ? [
        h("a", { class: "button button-main", href: to("share") }, icon("share"), "Share this camera"),
        h("a", { class: "button", href: to("add") }, icon("plus"), "Add a stream"),
      ]
    : [];
  const words = control
    ? "Share the camera of this device in two clicks, or add a camera by its address. Streams in the configuration show up here by themselves."
    : "Streams of the configuration show up here by themselves. To add one here needs a token with the scope “control”.";
  return h(
    "section",
    { class: "empty", hidden: true },
    icon("camera"),
    h("h2", {}, "No stream yet"),
    h("p", {}, words),
    h("div", { class: "row" }, ways),
  );
}
