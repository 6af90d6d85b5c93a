// The live picture of a stream. A browser has six connections to a server, so only a few pictures flow; the others are
// taken one after the other.
import { ROOT, query, streamPath } from "../api.js";
import { h, mark } from "../dom.js";
import { may, on } from "../store.js";

const MOST_FLOWING = 3,
  PAUSE_MS = 1_000,
  AGAIN_MS = 2_000;
let flowing = 0;
/** Whose turn it is to take a single picture. @type {Promise<void>} */
let turn = Promise.resolve();

/**
 * @param {string} stream
 * @param {{width: number, fps: number, alt: string}} how
 * @returns {{element: HTMLElement, image: HTMLImageElement, show: (live: boolean) => void, close: () => void}} show: whether there is anything to see
 */
export function picture(stream, how) {
  const image = h("img", { class: "picture", alt: how.alt, draggable: false, decoding: "async" });
  const newest = h("canvas", { class: "picture picture-still", "aria-hidden": "true", hidden: true });
  const path = ROOT + streamPath(stream);
  let live = false,
    holds = false,
    closed = false,
    timer = 0,
    asked = 0;

  const begin = () => {
    clearTimeout(timer);
    if (closed || !live || document.hidden || !may("pictures")) return;
    if (!holds && flowing < MOST_FLOWING) {
      holds = true;
      flowing += 1;
    }
    asked += 1;
    newest.hidden = true;
    if (holds) image.src = `${path}/live.mjpeg${query({ width: how.width, fps: how.fps, n: asked })}`;
    else turn = turn.then(single);
  };
  const single = () =>
    new Promise((/** @type {(_: void) => void} */ done) => {
      if (closed || !live || document.hidden) return done();
      const over = () => {
        image.removeEventListener("load", over);
        image.removeEventListener("error", over);
        done();
      };
      image.addEventListener("load", over);
      image.addEventListener("error", over);
      image.src = `${path}/snapshot.jpg${query({ n: asked })}`;
    });
  const rest = () => {
    clearTimeout(timer);
    if (holds) {
      holds = false;
      flowing -= 1;
      freeze(image, newest);
    }
  };
  image.addEventListener("load", () => {
    mark(image, "data-seen", true);
    if (!holds) timer = setTimeout(begin, PAUSE_MS);
  });
  image.addEventListener("error", () => {
    if (!image.hasAttribute("src")) return;
    clearTimeout(timer);
    timer = setTimeout(begin, AGAIN_MS);
  });
  const seen = () => (document.hidden ? rest() : begin());
  document.addEventListener("visibilitychange", seen);
  const leave = on("connection", (state) => state === "live" && begin());

  return {
    element: h("div", { class: "picture-box" }, newest, image),
    image,
    show(now) {
      if (now === live) return;
      live = now;
      if (live) begin();
      else rest();
    },
    close() {
      closed = true;
      rest();
      image.removeAttribute("src"); // lets go of the connection
      document.removeEventListener("visibilitychange", seen);
      leave();
    },
  };
}

/**
 * Keep the newest picture and let go of the connection.
 * @param {HTMLImageElement} image
 * @param {HTMLCanvasElement} newest
 */
function freeze(image, newest) {
  if (image.naturalWidth) {
    newest.width = image.naturalWidth;
    newest.height = image.naturalHeight;
    newest.getContext("2d")?.drawImage(image, 0, 0);
    newest.hidden = false;
  }
  image.removeAttribute("src");
  image.removeAttribute("data-seen");
}
