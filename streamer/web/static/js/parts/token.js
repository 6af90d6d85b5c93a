// Asks for a token when the service wants one.
import { ask, Problem, wordsOf } from "../api.js";
import { h, mark } from "../dom.js";
import { dialog } from "./dialog.js";

let open = false;

/** @param {() => void} entered */
export function tokenPrompt(entered) {
  if (open) return;
  open = true;
  const words = h("p", { id: "token-wrong", class: "mistake", role: "alert" });
  const field = h("input", {
    id: "token",
    type: "password",
    autocomplete: "current-password",
    required: true,
    "aria-describedby": "token-wrong",
  });
  const form = h(
    "form",
    {
      class: "form",
      onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        try {
          await ask("POST", "/session", { token: field.value.trim() }, { quiet: true });
          box.close();
          entered();
        } catch (problem) {
          words.textContent =
            problem instanceof Problem && problem.status === 401 ? "This token is not known here." : wordsOf(problem);
          mark(field, "aria-invalid", "true");
          field.focus();
        }
      },
    },
    h("label", { for: "token" }, "Token"),
    field,
    words,
    h("button", { class: "button button-main" }, "Come in"),
  );
  const box = dialog("This service wants a token", [
    h(
      "p",
      { class: "soft" },
      "Whoever runs it gives you one; it stands under http.tokens of its configuration. The page keeps it only as a cookie that scripts cannot read.",
    ),
    form,
  ]);
  box.addEventListener("close", () => (open = false));
}
