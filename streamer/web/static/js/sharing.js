// The share of this browser's camera. It goes on while other views are looked at, and ends with the page.
import { ask, Problem, streamPath, ROOT } from "./api.js";
import { tell } from "./store.js";
import { publish, secret } from "./whip.js";

/**
 * @typedef {{id: string, media: MediaStream, state: string, stop: (how?: {keepalive?: boolean}) => Promise<void>}} Share
 */

/** @type {Share | null} */
let running = null;
export const shared = () => running;

/** What the service answers until it has opened a new stream for publishers, which takes a moment. */
const NOT_OPEN = [401, 404, 503];
const TRIES = 12,
  PAUSE_MS = 400;

/**
 * Make a stream of this camera and publish it.
 * @param {string} id @param {string} recognizer @param {string | null} procedure @param {MediaStream} media
 * @throws {import("./api.js").Problem | Error}
 */
export async function share(id, recognizer, procedure, media) {
  const token = secret(),
    watch = { id: "camera", recognizer, ...(procedure ? { procedure } : {}) };
  await ask("POST", "/streams", { id, source: { kind: "whip", token }, watches: [watch] });
  try {
    const session = await published(id, token, media);
    running = {
      id,
      media,
      state: "connecting",
      stop: async (how = {}) => {
        running = null;
        media.getTracks().forEach((track) => track.stop());
        await Promise.all([session.stop(how), ask("DELETE", streamPath(id), undefined, how).catch(() => {})]);
        tell("share");
      },
    };
    media.getVideoTracks()[0].addEventListener("ended", () => running?.stop());
    tell("share");
  } catch (problem) {
    await ask("DELETE", streamPath(id)).catch(() => {});
    throw problem;
  }
}

/** @param {string} id @param {string} token @param {MediaStream} media */
async function published(id, token, media) {
  const changed = (/** @type {string} */ state) => {
    if (running) running.state = state;
    tell("share");
  };
  for (let left = TRIES; ; left -= 1) {
    try {
      return await publish(
        new URL(`/whip/${encodeURIComponent(id)}`, location.origin + ROOT).href,
        token,
        media.getVideoTracks()[0],
        changed,
      );
    } catch (problem) {
      if (left === 0 || !(problem instanceof Problem) || !NOT_OPEN.includes(problem.status)) throw problem;
      await new Promise((go) => setTimeout(go, PAUSE_MS));
    }
  }
}

addEventListener("pagehide", () => running?.stop({ keepalive: true }));
