// The bar: where one is, whether all flows, the theme, who one is.
import { ask } from "../api.js";
import { h, mark, write } from "../dom.js";
import { icon } from "../icons.js";
import { keep, kept } from "../kept.js";
import { may, on, store } from "../store.js";
import { to } from "../router.js";
import { help } from "./keys.js";

const PLACES = [
  ["wall", "Wall", to()],
  ["events", "Events", to("events")],
  ["share", "Share camera", to("share")],
];
const THEMES = [
  ["system", "Theme: as the system"],
  ["light", "Theme: light"],
  ["dark", "Theme: dark"],
];
const SAID = { starting: "Connecting", live: "Connected", lost: "Connection lost" };

export function bar() {
  const links = PLACES.map(([drawing, name, href]) => h("a", { href }, icon(drawing), h("span", {}, name)));
  const words = h("span", { class: "pulse-words" }),
    pulse = h("span", { class: "pulse", role: "status" }, h("span", { class: "lamp-dot" }), words);
  const leave = h(
    "button",
    {
      class: "button button-plain",
      type: "button",
      onclick: () => ask("DELETE", "/session").finally(() => location.reload()),
    },
    icon("lock"),
    "Sign out",
  );
  const keys = h(
    "button",
    { class: "button button-plain button-icon", type: "button", "aria-label": "Keys", title: "Keys", onclick: help },
    icon("keyboard"),
  );
  document
    .getElementById("bar")
    ?.append(
      h(
        "a",
        { class: "brand", href: to() },
        h("img", { src: "/static/icon.svg", alt: "" }),
        h("span", {}, "Taktstream"),
      ),
      h("nav", { class: "nav", "aria-label": "Views" }, links),
      h("div", { class: "bar-end" }, pulse, leave, keys, themeSwitch()),
    );
  const here = () =>
    links.forEach((link) => mark(link, "aria-current", (location.hash || "#/") === link.hash ? "page" : null));
  const connection = () => {
    write(words, SAID[store.connection.state]);
    mark(pulse, "data-state", store.connection.state);
    mark(pulse, "title", SAID[store.connection.state]);
  };
  const session = () => {
    leave.hidden = !(store.session?.tokens_needed && store.session.name);
    links[2].hidden = !may("control");
  };
  addEventListener("hashchange", here);
  on("connection", connection);
  on("session", session);
  [here, connection, session].forEach((draw) => draw());
}

/** From the system's theme to light to dark and back. */
function themeSwitch() {
  const button = h("button", { class: "button button-plain button-icon", type: "button" });
  let place = Math.max(
    0,
    THEMES.findIndex(([name]) => name === kept("theme", "system")),
  );
  const draw = () => {
    const [name, label] = THEMES[place];
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    button.replaceChildren(icon({ light: "sun", dark: "moon" }[name] ?? "system"));
    mark(button, "aria-label", label);
    mark(button, "title", label);
  };
  button.addEventListener("click", () => {
    place = (place + 1) % THEMES.length;
    keep("theme", THEMES[place][0]);
    draw();
  });
  draw();
  return button;
}
