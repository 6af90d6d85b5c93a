// A procedure with what is done, current, missed, not seen or left of the unit that is worked on.
import { get } from "../api.js";
import { spoken } from "../colours.js";
import { h, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { duration } from "../times.js";
import { VERDICTS } from "../words.js";

/** @type {Map<string, Promise<any>>} procedures do not change while they are followed */
const known = new Map();

/**
 * @param {string} name
 * @returns {Promise<{name: string, takt_s?: number, steps: {name: string, optional: boolean}[]}>}
 */
export function procedure(name) {
  if (!known.has(name))
    known.set(
      name,
      get(`/procedures/${encodeURIComponent(name)}`).catch((problem) => {
        known.delete(name);
        throw problem;
      }),
    );
  return /** @type {Promise<any>} */ (known.get(name));
}

/**
 * How far each step is: [word, icon, colour, seconds or null].
 * @param {any} cycle
 * @param {string} step
 * @returns {[string, string, string, number | null]}
 */
export function progress(cycle, step) {
  const judged = cycle?.steps.findLast((/** @type {any} */ one) => one.step === step);
  if (judged) {
    const [word, drawing, colour] = VERDICTS[judged.verdict] ?? [spoken(judged.verdict), "warning", "amber"];
    return [word, drawing, colour, judged.took_s ?? null];
  }
  return cycle?.current.includes(step) ? ["now", "current", "current", null] : ["to do", "circle", "grey", null];
}

/** Steps as a list. @param {any} what a procedure */
export function procedureSteps(what) {
  const rows = what.steps.map((/** @type {any} */ one) => {
    const { name } = one,
      sign = h("span", { class: "step-sign" }),
      word = h("span", { class: "step-word" }),
      took = h("span", { class: "step-took" });
    const title = h(
      "span",
      { class: "step-name" },
      spoken(name),
      one.optional && h("span", { class: "step-optional" }, "optional"),
    );
    return { name, sign, word, took, drawn: "", element: h("li", { class: "step" }, sign, title, word, took) };
  });
  return {
    element: h(
      "ol",
      { class: "steps" },
      rows.map((/** @type {any} */ row) => row.element),
    ),
    /** @param {any} state */
    draw(state) {
      for (const row of rows) {
        const [word, drawing, colour, took_s] = progress(state?.cycle, row.name);
        if (row.drawn !== drawing) row.sign.replaceChildren(icon(drawing));
        row.drawn = drawing;
        mark(row.element, "data-colour", colour);
        mark(row.element, "aria-current", colour === "current" ? "step" : null);
        write(row.word, word);
        write(row.took, took_s === null ? "" : duration(took_s, true));
      }
    },
  };
}

/** Steps as a row of dots for the wall, with words for those who do not see them. @param {any} what a procedure */
export function procedureDots(what) {
  const dots = what.steps.map((/** @type {any} */ one) => ({
    name: one.name,
    element: h("span", { class: "dot" }),
    drawn: "",
  }));
  const words = h("span", { class: "unseen" });
  return {
    element: h(
      "div",
      { class: "dots" },
      words,
      dots.map((/** @type {any} */ one) => one.element),
    ),
    /** @param {any} state */
    draw(state) {
      const count = { done: 0, missed: 0 };
      for (const dot of dots) {
        const [word, drawing, colour] = progress(state?.cycle, dot.name);
        if (word in count) count[/** @type {keyof typeof count} */ (word)] += 1;
        if (dot.drawn !== drawing) dot.element.replaceChildren(icon(drawing));
        dot.drawn = drawing;
        mark(dot.element, "data-colour", colour);
      }
      write(words, `${count.done} of ${dots.length} steps done${count.missed ? `, ${count.missed} missed` : ""}`);
    },
  };
}
