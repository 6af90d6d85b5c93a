// Short words at the edge that go by themselves.
import { h } from "../dom.js";

const STAY_MS = 7_000;

/** @param {string} words @param {{label: string, act: () => void}} [offer] a button */
export function toast(words, offer) {
  const go = () => element.remove();
  const button =
    offer &&
    h(
      "button",
      {
        class: "button",
        type: "button",
        onclick: () => {
          go();
          offer.act();
        },
      },
      offer.label,
    );
  const element = h("div", { class: "toast" }, h("span", {}, words), button);
  document.getElementById("toasts")?.append(element);
  let timer = setTimeout(go, STAY_MS);
  // Who reads or is about to press has all the time.
  for (const name of ["pointerenter", "focusin"]) element.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["pointerleave", "focusout"])
    element.addEventListener(name, () => (timer = setTimeout(go, STAY_MS)));
}
