// Add a stream, or change one.
import { ask, get, streamPath } from "../api.js";
import { h, mark, write } from "../dom.js";
import { may } from "../store.js";
import { fieldOf, KINDS, section, values } from "../stream-section.js";
import { to } from "../router.js";
import { toast } from "../parts/toast.js";
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

/** The section as it runs now. @param {string} id */
async function before(id) {
  const config = await get("/config").catch(() => ({}));
  const running = (config.streams ?? config.config?.streams ?? []).find((/** @type {any} */ one) => one.id === id);
  if (running) return running;
  const { source, watches } = await get(streamPath(id));
  return {
    id,
    source,
    watches: watches.map((/** @type {any} */ one) => ({ id: one.id, recognizer: one.recognizer, region: one.region })),
  };
}

/** @param {string | null} id @param {string[]} names of recognizers @param {any} old */
function form(id, names, old) {
  const begun = values(old ?? { source: { kind: "rtsp" }, watches: [{ id: "watch", recognizer: names[0] }] });
  const wrong = h("div", { class: "mistakes", role: "alert", tabindex: -1, hidden: true });
  const name = h("input", {
    id: "field-id",
    type: "text",
    required: true,
    maxLength: 64,
    value: begun.id,
    readOnly: id !== null,
    "aria-describedby": "help-id",
    autocomplete: "off",
  });
  const kind = h(
    "select",
    { id: "field-kind", onchange: () => chosen() },
    Object.entries(KINDS).map(([value, one]) => h("option", { value, selected: value === begun.kind }, one.name)),
  );
  const where = h("input", {
    id: "field-where",
    type: "text",
    value: begun.where,
    "aria-describedby": "help-where",
    autocomplete: "off",
    spellcheck: false,
    inputMode: "url",
  });
  const label = h("label", { for: where.id }),
    help = h("p", { id: "help-where", class: "soft small" }),
    address = h("div", {}, label, where);
  const watches = watchFields(begun.watches, names);
  const lasting = h("input", { type: "checkbox", id: "field-persist" });
  const chosen = () => {
    const one = KINDS[kind.value];
    address.hidden = one.key === null;
    where.required = one.key !== null;
    where.placeholder = one.example;
    write(label, one.label);
    write(help, one.help);
  };
  const save = h("button", { class: "button button-main" }, id === null ? "Add" : "Save");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    save.disabled = true;
    element
      .querySelectorAll("[aria-invalid]")
      .forEach((/** @type {Element} */ one) => one.removeAttribute("aria-invalid"));
    wrong.hidden = true;
    const given = section(old, {
      id: name.value.trim(),
      kind: kind.value,
      where: where.value.trim(),
      watches: watches.values(),
    });
    try {
      const kept = lasting.checked ? "?persist=true" : "";
      await (id === null ? ask("POST", `/streams${kept}`, given) : ask("PUT", `${streamPath(id)}${kept}`, given));
      toast(id === null ? `“${given.id}” was added.` : `“${given.id}” was changed.`);
      location.hash = to("streams", given.id);
    } catch (problem) {
      refused(problem, wrong);
    } finally {
      save.disabled = false;
    }
  };
  const element = h(
    "form",
    { class: "form card panel stream-form", novalidate: false, onsubmit: submit },
    wrong,
    h(
      "div",
      { class: "field" },
      h("label", { for: name.id }, "Name"),
      name,
      h(
        "p",
        { id: "help-id", class: "soft small" },
        "Letters, digits, “-”, “_” and “.”; it is part of topics and metrics.",
      ),
    ),
    h("div", { class: "field" }, h("label", { for: kind.id }, "Where pictures come from"), kind),
    h("div", { class: "field" }, address, help),
    watches.element,
    h(
      "div",
      { class: "field" },
      h("label", { class: "check" }, lasting, "Keep it after a restart of the service"),
      h(
        "p",
        { class: "soft small" },
        "Otherwise it is there until the service ends; the configuration file is not touched.",
      ),
    ),
    h(
      "div",
      { class: "row" },
      save,
      h("a", { class: "button", href: id === null ? to() : to("streams", id) }, "Cancel"),
    ),
  );
  chosen();
  return element;
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
