// Beside the picture: the lamp and whom it calls, the unit at work with its steps, the best scores.
import { ask, streamPath, wordsOf } from "../api.js";
import { now } from "../clock.js";
import { h, write } from "../dom.js";
import { icon } from "../icons.js";
import { may, store } from "../store.js";
import { clockTime, duration, unix } from "../times.js";
import { calledFor, lampOf } from "../words.js";
import { lamp } from "./lamp.js";
import { procedure, procedureSteps } from "./procedure.js";
import { scoreBars } from "./scores.js";
import { taktClock } from "./takt.js";
import { toast } from "./toast.js";

/** @param {string} id @param {import("../store.js").Watch} watch */
export function watchPanel(id, watch) {
  const call = callPanel(id, watch.id),
    work = watch.procedure ? workPanel(watch.procedure) : null,
    bars = scoreBars(watch);
  const quiet = h("p", { class: "soft small" }, "No scores come: the camera is not looked at.");
  const scores = h(
    "section",
    { class: "card panel" },
    h("div", { class: "panel-head" }, h("h2", {}, "Best scores"), h("span", { class: "soft small" }, watch.recognizer)),
    bars.element,
    quiet,
  );
  const own = (/** @type {import("../store.js").Stream} */ stream) => stream.watches.find((one) => one.id === watch.id);
  return {
    element: h("div", { class: "stack" }, call.element, work?.element, scores),
    /** @param {import("../store.js").Stream} stream */
    update: (stream) => call.update(own(stream)?.andon),
    /** @param {import("../store.js").Stream} stream */
    tick(stream) {
      const told = store.scores.get(`${id}/${watch.id}`),
        fresh = stream.state === "live" && told && now() - told.at < 10;
      quiet.hidden = Boolean(fresh);
      bars.draw(fresh ? told.scores : undefined);
      call.tick();
      work?.draw(own(stream)?.state);
    },
  };
}

/** @param {string} id @param {string} watch */
function callPanel(id, watch) {
  const light = lamp(),
    what = h("p", { class: "call-what" }),
    since = h("p", { class: "soft small" });
  const button = h(
    "button",
    {
      class: "button button-main",
      type: "button",
      onclick: async () => {
        button.disabled = true;
        try {
          await ask("POST", `${streamPath(id)}/watches/${encodeURIComponent(watch)}/acknowledge`, {});
        } catch (problem) {
          toast(wordsOf(problem));
        } finally {
          button.disabled = false;
        }
      },
    },
    icon("check"),
    "I am coming",
  );
  const element = h(
    "section",
    { class: "card panel call" },
    h("div", { class: "panel-head" }, h("h2", {}, "Lamp"), light.element),
    what,
    since,
    button,
  );
  let andon = /** @type {any} */ (null);
  return {
    element,
    /** @param {any} told */
    update(told) {
      andon = told;
      const [word, drawing, colour] = lampOf(told),
        calls = told && colour !== "green";
      light.update([{ green: "Green", amber: "Amber", red: "Red" }[colour] ?? "–", drawing, colour]);
      element.dataset.colour = colour;
      write(what, calls ? whatFor(told) : word);
      button.hidden = !calls || told.acknowledged || !may("control");
    },
    tick() {
      if (!andon) return write(since, "");
      const ago = `since ${clockTime(unix(andon.since), now())}, ${duration(now() - unix(andon.since))}`;
      const who = andon.acknowledged ? `. ${andon.acknowledged_by ?? "Somebody"} is coming.` : "";
      write(since, ago[0].toUpperCase() + ago.slice(1) + who);
    },
  };
}

/** @param {any} andon */
function whatFor(andon) {
  const about = andon.about ?? {},
    unit = about.unit_id ? ` at unit ${about.unit_id}` : "",
    more = andon.calls > 1 ? `, and ${andon.calls - 1} more` : "";
  const what = about.step ? lampOf(andon)[0] : calledFor(andon.reason ?? "");
  return what[0].toUpperCase() + what.slice(1) + unit + more;
}

/** @param {string} name */
function workPanel(name) {
  const clock = taktClock(),
    place = h("div", {}, h("div", { class: "skeleton steps-skeleton", "aria-hidden": "true" }));
  let steps = /** @type {ReturnType<typeof procedureSteps> | null} */ (null);
  procedure(name)
    .then((what) => {
      steps = procedureSteps(what);
      place.replaceChildren(steps.element);
    })
    .catch(() =>
      place.replaceChildren(
        h("p", { class: "soft small" }, "The steps of this procedure are not shown: the service does not give them."),
      ),
    );
  return {
    element: h(
      "section",
      { class: "card panel" },
      h("div", { class: "panel-head" }, h("h2", {}, "Procedure"), h("span", { class: "soft small" }, name)),
      clock.element,
      place,
    ),
    /** @param {any} state */
    draw(state) {
      clock.draw(state);
      steps?.draw(state);
    },
  };
}
