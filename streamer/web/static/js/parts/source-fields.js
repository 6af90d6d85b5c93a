// Where the pictures of a stream come from, in its form.
import { h, write } from "../dom.js";
import { may } from "../store.js";
import { KINDS } from "../stream-section.js";

/** @param {{kind: string, where: string}} begun */
export function sourceFields(begun) {
  // Who names a file of the service's machine must be trusted with all of it.
  const kinds = Object.entries(KINDS).filter(([value]) => value !== "file" || value === begun.kind || may("admin"));
  const options = kinds.map(([value, one]) => h("option", { value, selected: value === begun.kind }, one.name));
  const kind = h("select", { id: "field-kind", onchange: () => chosen() }, options);
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
  const chosen = () => {
    const one = KINDS[kind.value];
    address.hidden = one.key === null;
    where.required = one.key !== null;
    where.placeholder = one.example;
    write(label, one.label);
    write(help, one.help);
  };
  chosen();
  return {
    elements: [
      h("div", { class: "field" }, h("label", { for: kind.id }, "Where pictures come from"), kind),
      h("div", { class: "field" }, address, help),
    ],
    values: () => ({ kind: kind.value, where: where.value.trim() }),
  };
}
