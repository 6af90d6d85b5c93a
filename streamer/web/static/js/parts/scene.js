// The picture of a stream, large, with the regions of its watches and what goes on.
import { h, mark, s, write } from "../dom.js";
import { icon } from "../icons.js";
import { sentence, STATES } from "../words.js";
import { nowLine } from "./now.js";
import { picture } from "./picture.js";

/** @param {import("../store.js").Stream} stream */
export function scene(stream) {
  const shown = picture(stream.id, { width: 1280, fps: 15, alt: `Live picture of ${stream.id}` });
  const regions = s("svg", {
    class: "regions",
    viewBox: "0 0 1 1",
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  const rects = new Map(stream.watches.map((watch) => [watch.id, region(watch)]));
  const line = nowLine(stream.watches.length > 1),
    state = h("p", { class: "health-state" }),
    words = h("p", { class: "health-words" });
  const health = h("div", { class: "health" }, icon("camera-off"), state, words);
  regions.append(...rects.values());
  const box = h(
    "div",
    { class: "frame frame-large" },
    shown.element,
    regions,
    h("div", { class: "over" }, line.element),
    health,
  );
  let chosen = stream.watches[0]?.id;
  shown.image.addEventListener("load", () => {
    const { naturalWidth: wide, naturalHeight: high } = shown.image;
    if (wide && high) box.style.setProperty("--aspect", String(wide / high));
  });
  return {
    element: h("section", { class: "card scene", "aria-label": "Live picture" }, box),
    /** @param {string} watch */
    choose(watch) {
      chosen = watch;
      rects.forEach((rect, id) => mark(rect, "data-chosen", id === watch));
    },
    /** @param {import("../store.js").Stream} one */
    update(one) {
      const live = one.state === "live" && !one.blind;
      shown.show(one);
      mark(box, "data-live", live);
      health.hidden = live;
      regions.toggleAttribute("hidden", !live);
      write(state, one.blind ? "The camera sees nothing" : (STATES[one.state]?.[0] ?? one.state));
      write(words, sentence(one.words));
    },
    /** @param {import("../store.js").Stream} one */
    tick(one) {
      const watch = one.watches.find((each) => each.id === chosen);
      if (watch) line.draw(one.id, watch, one.state === "live" && !one.blind);
    },
    close: shown.close,
  };
}

/** @param {import("../store.js").Watch} watch */
function region({ region: [left, top, right, bottom] = [0, 0, 1, 1] }) {
  return s("rect", { class: "region", x: left, y: top, width: right - left, height: bottom - top });
}
