// The lamp over a station: colour, drawing and words; never the colour alone.
import { h, mark, write } from "../dom.js";
import { icon } from "../icons.js";

/** @returns {{element: HTMLElement, update: (told: [string, string, string]) => void}} told: word, icon, colour */
export function lamp() {
  const words = h("span"),
    element = h("span", { class: "lamp" }, words);
  let drawn = "";
  return {
    element,
    update([word, drawing, colour]) {
      write(words, word);
      mark(element, "data-colour", colour);
      if (drawn === drawing) return;
      drawn = drawing;
      element.querySelector("svg")?.remove();
      element.prepend(icon(drawing));
    },
  };
}
