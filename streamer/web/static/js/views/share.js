// Share this camera: the browser's own camera becomes a stream. One click to come here, one to begin.
import { get } from "../api.js";
import { h, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { keep, kept } from "../kept.js";
import { may, on, store } from "../store.js";
import { share, shared } from "../sharing.js";
import { to } from "../router.js";

const WISHED = { video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25 } }, audio: false };
const SAID = {
  connecting: "Connecting …",
  connected: "Your camera is live.",
  disconnected: "The connection is bad …",
  failed: "No way was found between this browser and the service. Are both on one network?",
  closed: "It has ended.",
};

/** @param {HTMLElement} root */
export function shareView(root) {
  const head = h("div", { class: "head" }, h("h1", {}, "Share this camera")),
    place = h("div");
  root.append(head, place);
  let key = "";
  /** The form stays as it is as long as it is what is wanted: it may say what went wrong. */
  const draw = () => {
    const one = shared(),
      wanted = one ? `${one.id} ${one.state}` : `form ${may("control")}`;
    if (wanted === key) return;
    key = wanted;
    place.replaceChildren(one ? running(one) : begin());
  };
  const leaves = [on("share", draw), on("session", draw)];
  draw();
  return { title: "Share this camera", close: () => leaves.forEach((leave) => leave()) };
}

/** Why it cannot be, in words; empty: it can. */
function hindrance() {
  if (!may("control")) return "To share a camera needs a token with the scope “control”.";
  if (!isSecureContext || !navigator.mediaDevices)
    return "Browsers open their camera only on https:// or localhost pages. Open this page as http://localhost:…, or put a proxy with a certificate in front of the service.";
  return "";
}

function begin() {
  const why = hindrance();
  if (why) return h("section", { class: "empty" }, icon("camera-off"), h("h2", {}, "Not from here"), h("p", {}, why));
  const wrong = h("p", { class: "mistake", role: "alert" });
  const name = h("input", {
    id: "share-name",
    type: "text",
    required: true,
    pattern: "[a-z0-9][a-z0-9\\-]*",
    title: "small letters, digits and hyphens",
    maxLength: 63,
    value: free(kept("share-name", "my-camera")),
    "aria-describedby": "share-name-help",
  });
  const network = h("select", { id: "share-network", required: true });
  const button = h("button", { class: "button button-main button-large" }, icon("share"), "Share this camera");
  const form = h(
    "form",
    {
      class: "form card panel share-form",
      onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        button.disabled = true;
        write(wrong, "");
        try {
          keep("share-name", name.value);
          const media = await navigator.mediaDevices.getUserMedia(WISHED);
          await share(name.value, network.value, null, media).catch((problem) => {
            media.getTracks().forEach((track) => track.stop());
            throw problem;
          });
        } catch (problem) {
          write(wrong, failed(problem));
        } finally {
          button.disabled = false;
        }
      },
    },
    h(
      "p",
      { class: "soft" },
      "Pictures go encrypted from this browser to the service, and nowhere else. The stream is there as long as this page is.",
    ),
    h(
      "div",
      { class: "field" },
      h("label", { for: name.id }, "Name of the stream"),
      name,
      h(
        "p",
        { id: "share-name-help", class: "soft small" },
        "Small letters, digits and “-”; it is part of the topics.",
      ),
    ),
    h("div", { class: "field" }, h("label", { for: network.id }, "What looks at it"), network),
    button,
    wrong,
  );
  get("/models")
    .then(({ models }) =>
      network.append(...models.map((/** @type {any} */ one) => h("option", { value: one.name }, one.name))),
    )
    .catch((problem) => write(wrong, problem.message));
  return form;
}

/** A name that no stream has. @param {string} wished */
function free(wished) {
  let name = wished;
  for (let number = 2; store.streams.has(name); number += 1) name = `${wished}-${number}`;
  return name;
}

/** @param {any} problem */
function failed(problem) {
  const camera = {
    NotAllowedError: "The browser was not allowed to open the camera. Allow it beside the address, then try again.",
    NotFoundError: "This device has no camera.",
    NotReadableError: "Another program uses the camera.",
  };
  return (
    camera[/** @type {keyof typeof camera} */ (problem.name)] ??
    [problem.message, ...(problem.mistakes ?? [])].join(" ")
  );
}

/** While it is shared. */
/** @param {import("../sharing.js").Share} one */
function running(one) {
  const video = h("video", {
    class: "picture",
    autoplay: true,
    muted: true,
    playsInline: true,
    srcObject: one.media,
    "aria-label": "What this camera shows",
  });
  const words = h(
    "p",
    { role: "status", class: "share-state" },
    SAID[/** @type {keyof typeof SAID} */ (one.state)] ?? "Connecting …",
  );
  const stop = h(
    "button",
    { class: "button button-danger", type: "button", onclick: () => one.stop() },
    icon("stop"),
    "Stop sharing",
  );
  mark(words, "data-state", one.state);
  return h(
    "section",
    { class: "card share-live" },
    h("div", { class: "frame" }, video),
    h(
      "div",
      { class: "panel" },
      words,
      h(
        "div",
        { class: "row" },
        h("a", { class: "button button-main", href: to("streams", one.id) }, `See what is recognized in “${one.id}”`),
        stop,
      ),
    ),
  );
}
