// One event in a list, which opens to show its pictures.
import { age, clockTime, unix, wholeTime } from "../times.js";
import { every, now } from "../clock.js";
import { h, write } from "../dom.js";
import { icon } from "../icons.js";
import { told } from "../words.js";
import { to } from "../router.js";

/** @param {{number: number, body: any}} event @param {{where: boolean}} how where: stream and watch are named */
export function eventRow(event, how) {
  const { body } = event,
    { icon: drawing, colour, what, more } = told(body),
    at = unix(body.at);
  const ago = h("span", { class: "event-age" });
  const stop = every(() => write(ago, age(at, now())));
  const place =
    how.where &&
    h(
      "a",
      { class: "event-where", href: to("streams", body.stream) },
      body.watch ? `${body.stream} / ${body.watch}` : body.stream,
    );
  const sure = body.score === undefined ? "" : `${Math.round(body.score * 100)} %`;
  const time = h("time", { class: "event-time", dateTime: body.at, title: wholeTime(at) }, clockTime(at, now()));
  const line = h(
    "div",
    { class: "event-line" },
    time,
    h("span", { class: "event-sign", "data-colour": colour }, icon(drawing)),
    h("span", { class: "event-what" }, what, more && h("span", { class: "event-more" }, more)),
    place,
    h("span", { class: "event-sure" }, sure),
    ago,
  );
  const shown = body.evidence && pictures(body, what);
  return { element: h("li", { class: "event", "data-type": body.type }, line, shown), close: stop };
}

/** Snapshot and clip, fetched only when asked for. @param {any} body @param {string} what */
function pictures(body, what) {
  const { snapshot, clip } = body.evidence,
    inside = h("div", { class: "evidence" });
  const names = [snapshot && "picture", clip && "clip"].filter(Boolean).join(" and ");
  const box = h(
    "details",
    {
      class: "event-more-box",
      ontoggle: () => {
        inside.replaceChildren(
          ...(box.open
            ? [snapshot && still(local(snapshot), what), clip && film(local(clip), what)].filter(Boolean)
            : []),
        );
      },
    },
    h(
      "summary",
      {},
      icon(clip ? "film" : "image"),
      h("span", {}, `Show ${names}`),
      h("span", { class: "unseen" }, ` of: ${what}`),
    ),
    inside,
  );
  return box;
}

/** @param {string} address @param {string} what */
function still(address, what) {
  const missing = h(
    "p",
    { class: "soft small", hidden: true },
    "The picture is not there: it is still being written, or it was cleared away.",
  );
  const image = h("img", {
    src: address,
    alt: `Picture: ${what}`,
    onerror: () => {
      image.hidden = true;
      missing.hidden = false;
    },
  });
  return h("div", {}, image, missing);
}

/** @param {string} address @param {string} what */
function film(address, what) {
  const missing = h(
    "p",
    { class: "soft small", hidden: true },
    "The clip is not there: it is still being written, or it was cleared away.",
  );
  const video = h("video", {
    src: address,
    controls: true,
    preload: "metadata",
    muted: true,
    playsInline: true,
    "aria-label": `Clip: ${what}`,
    onerror: () => {
      video.hidden = true;
      missing.hidden = false;
    },
  });
  return h("div", {}, video, missing);
}

/**
 * Evidence that this service serves is fetched from where the page is from, whatever name the service has for itself.
 * @param {string} address
 */
function local(address) {
  const { pathname } = new URL(address, location.href);
  return pathname.startsWith("/evidence/") ? pathname : address;
}
