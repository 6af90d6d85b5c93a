// The live picture of a stream. A browser has six connections to a server, so only a few pictures flow; the others are
// taken one after the other.
import { ROOT, query, streamPath } from "../api.js";
import { h, mark } from "../dom.js";
import { may, on } from "../store.js";

const MOST_FLOWING = 3;
/** Between two single pictures of a stream, and before one that failed is tried again. */
const PAUSE_MS = 1_000,
  AGAIN_MS = 2_000;
let flowing = 0;
/** Whose turn it is to take a single picture. @type {Promise<void>} */
let turn = Promise.resolve();

/**
 * @typedef {{element: HTMLElement, image: HTMLImageElement, show: (stream: {state: string, epoch: number}) => void,
 *   close: () => void}} Picture
 */

/**
 * @param {string} stream
 * @param {{width: number, fps: number, alt: string}} how
 * @returns {Picture}
 */
export function picture(stream, how) {
  const image = h("img", { class: "picture", alt: how.alt, draggable: false });
  const still = h("canvas", { class: "picture picture-still", "aria-hidden": "true", hidden: true });
  const path = ROOT + streamPath(stream);
  let live = false,
    epoch = 0,
    flows = false,
    timer = 0,
    asked = 0,
    taken = () => {};

  const begin = () => {
    clearTimeout(timer);
    if (!live || document.hidden || !may("pictures")) return;
    if (!flows && flowing < MOST_FLOWING) {
      flows = true;
      flowing += 1;
    }
    if (flows) image.src = `${path}/live.mjpeg${query({ width: how.width, fps: how.fps, n: ++asked })}`;
    else turn = turn.then(single);
  };
  /** @returns {Promise<void>} when it is there, or is not wanted any more */
  const single = () =>
    new Promise((done) => {
      taken = done;
      if (live && !document.hidden) image.src = `${path}/snapshot.jpg${query({ n: ++asked })}`;
      else done();
    });
  const rest = () => {
    clearTimeout(timer);
    taken();
    if (flows) flowing -= 1;
    flows = false;
    freeze(image, still);
  };
  image.addEventListener("load", () => {
    taken();
    still.hidden = true;
    mark(image, "data-seen", true);
    if (!flows) timer = setTimeout(begin, PAUSE_MS);
  });
  image.addEventListener("error", () => {
    taken();
    clearTimeout(timer);
    if (image.hasAttribute("src")) timer = setTimeout(begin, AGAIN_MS);
  });
  const seen = () => (document.hidden ? rest() : begin());
  document.addEventListener("visibilitychange", seen);
  const leave = on("connection", (state) => state === "live" && begin());

  return {
    element: h("div", { class: "picture-box" }, still, image),
    image,
    show(now) {
      const lives = now.state === "live";
      if (lives === live && now.epoch === epoch) return;
      [live, epoch] = [lives, now.epoch];
      if (live) begin();
      else rest();
    },
    close() {
      live = false;
      rest();
      document.removeEventListener("visibilitychange", seen);
      leave();
    },
  };
}

/**
 * Keep the newest picture, and let go of the connection.
 * @param {HTMLImageElement} image
 * @param {HTMLCanvasElement} still
 */
function freeze(image, still) {
  if (image.naturalWidth) {
    still.width = image.naturalWidth;
    still.height = image.naturalHeight;
    still.getContext("2d")?.drawImage(image, 0, 0);
    still.hidden = false;
  }
  image.removeAttribute("src");
  image.removeAttribute("data-seen");
}
