// Add a stream, or change one.
import { ask, get, streamPath } from "../api.js";
import { h, mark } from "../dom.js";
import { may } from "../store.js";
import { fieldOf, section, values } from "../stream-section.js";
import { to } from "../router.js";
import { toast } from "../parts/toast.js";
import { sourceFields } from "../parts/source-fields.js";
import { watchFields } from "../parts/watch-fields.js";

/**
 * @param {string | null} id of the one that is changed; null: a new one
 * @returns {(root: HTMLElement) => import("../router.js").View}
 */
export const streamForm = (id) => (root) => {
  const title = id === null ? "Add a stream" : `Change “${id}”`,
    place = h("div", {}, h("div", { class: "skeleton form-skeleton", "aria-hidden": "true" }));
  root.append(h("div", { class: "head" }, h("h1", {}, title)), place);
  if (!may("control")) place.replaceChildren(h("p", { class: "note" }, "This needs a token with the scope “control”."));
  else
    Promise.all([models(), id === null ? null : before(id)])
      .then(([names, old]) => place.replaceChildren(form(id, names, old)))
      .catch((problem) => place.replaceChildren(h("p", { class: "mistake", role: "alert" }, problem.message)));
  return { title };
};

/** @returns {Promise<string[]>} */
async function models() {
  return (await get("/models")).models.map((/** @type {any} */ one) => one.name);
}

/**
 * The section as it runs now, and its address as it may be shown.
 * @param {string} id
 */
async function before(id) {
  const [config, { source, watches }] = await Promise.all([get("/config"), get(streamPath(id))]);
  const running = (config.streams ?? []).find((/** @type {any} */ one) => one.id === id);
  const seen = watches.map((/** @type {any} */ one) => ({
    id: one.id,
    recognizer: one.recognizer,
    region: one.region,
  }));
  return { section: running ?? { id, source, watches: seen }, shown: source.url };
}

/**
 * @param {string | null} id
 * @param {string[]} names of recognizers
 * @param {{section: any, shown: string} | null} old
 */
function form(id, names, old) {
  const fresh = { source: { kind: "rtsp" }, watches: [{ id: "watch", recognizer: names[0] }] };
  const begun = values(old?.section ?? fresh, old?.shown),
    wrong = h("div", { class: "mistakes", role: "alert", tabindex: -1, hidden: true });
  const name = nameField(begun.id, id !== null),
    source = sourceFields(begun),
    watches = watchFields(begun.watches, names);
  const lasting = h("input", { type: "checkbox", id: "field-persist" }),
    save = h("button", { class: "button button-main" }, id === null ? "Add" : "Save");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    save.disabled = true;
    forgiven(element, wrong);
    const filled = { id: name.value.trim(), ...source.values(), watches: watches.values() };
    try {
      await send(id, section(old?.section ?? null, filled, old?.shown), lasting.checked);
      toast(`“${filled.id}” was ${id === null ? "added" : "changed"}.`);
      location.hash = to("streams", filled.id);
    } catch (problem) {
      refused(problem, wrong);
    } finally {
      save.disabled = false;
    }
  };
  const element = h("form", { class: "form card panel stream-form", onsubmit: submit }, [
    wrong,
    h("div", { class: "field" }, h("label", { for: name.id }, "Name"), name, h("p", HELP, NAMES)),
    ...source.elements,
    watches.element,
    h(
      "div",
      { class: "field" },
      h("label", { class: "check" }, lasting, LASTING),
      h("p", { class: "soft small" }, PASSING),
    ),
    h("div", { class: "row" }, save, h("a", { class: "button", href: id ? to("streams", id) : to() }, "Cancel")),
  ]);
  return element;
}

const HELP = { id: "help-id", class: "soft small" };
const NAMES = "Letters, digits, “-”, “_” and “.”; it is part of topics and metrics.";
const LASTING = "Keep it after a restart of the service";
const PASSING = "Otherwise it is there until the service ends; the configuration file is not touched.";

/** @param {string} value @param {boolean} fixed */
function nameField(value, fixed) {
  const told = { "aria-describedby": HELP.id, autocomplete: "off" };
  return h("input", { id: "field-id", type: "text", required: true, maxLength: 64, value, readOnly: fixed, ...told });
}

/** @param {string | null} id @param {any} given a section @param {boolean} lasting */
function send(id, given, lasting) {
  const kept = lasting ? "?persist=true" : "";
  return id === null ? ask("POST", `/streams${kept}`, given) : ask("PUT", `${streamPath(id)}${kept}`, given);
}

/** What was wrong the last time is no more. @param {Element} form @param {HTMLElement} wrong */
function forgiven(form, wrong) {
  form.querySelectorAll("[aria-invalid]").forEach((one) => one.removeAttribute("aria-invalid"));
  wrong.hidden = true;
}

/** Show what is wrong, and at which field. @param {any} problem @param {HTMLElement} wrong */
function refused(problem, wrong) {
  const mistakes = problem.mistakes?.length ? problem.mistakes : [problem.message];
  wrong.replaceChildren(
    h("h2", {}, problem.status === 0 ? "It was not sent" : "The service refused it"),
    h(
      "ul",
      {},
      mistakes.map((/** @type {string} */ one) => h("li", {}, one)),
    ),
  );
  wrong.hidden = false;
  for (const one of mistakes) {
    const field = document.getElementById(`field-${problem.status === 409 ? "id" : fieldOf(one)}`);
    if (field) mark(field, "aria-invalid", "true");
  }
  wrong.focus();
}
