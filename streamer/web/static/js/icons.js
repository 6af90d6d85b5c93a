// Line drawings of 24 by 24.
import { s } from "./dom.js";

/** @type {Record<string, string>} */
const PATHS = {
  wall: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  events: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  share: "M3 8a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM15 10.500l6-3.500v10l-6-3.500",
  camera: "M3 8a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zM15 10.500l6-3.500v10l-6-3.500",
  "camera-off": "M3 3l18 18M7 6h6a2 2 0 0 1 2 2v3l6-4v10M15 15v1a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V8c0-.7.4-1.300 1-1.700",
  plus: "M12 5v14M5 12h14",
  check: "M5 12.500l4.500 4.500L19 7.500",
  cross: "M6 6l12 12M18 6L6 18",
  play: "M8 5.500v13l10-6.500z",
  pause: "M8 5v14M16 5v14",
  stop: "M6 6h12v12H6z",
  warning: "M12 4L2.500 20h19zM12 10v4M12 17h.01",
  alarm: "M8.500 3h7L21 8.500v7L15.500 21h-7L3 15.500v-7zM12 8v5M12 16h.01",
  hidden:
    "M3 3l18 18M10 5.300A10 10 0 0 1 22 12a13 13 0 0 1-2.500 3.500M6 7.500A13 13 0 0 0 2 12c2 4 5.500 7 10 7a9.500 9.500 0 0 0 4.500-1.100",
  circle: "M12 5a7 7 0 1 1 0 14 7 7 0 0 1 0-14",
  current: "M12 5a7 7 0 1 1 0 14 7 7 0 0 1 0-14M12 10.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3",
  clock: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16M12 8v4l2.500 2",
  flag: "M6 21V4M6 5h11l-2.500 4L17 13H6",
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8M12 2.500v2M12 19.500v2M4.500 12h-2M21.500 12h-2M5.500 5.500l1.400 1.400M17.100 17.100l1.400 1.400M5.500 18.500l1.400-1.400M17.100 6.900l1.400-1.400",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500",
  system: "M3 5h18v11H3zM9 20h6M12 16v4",
  tag: "M3 12V4h8l9 9-8 8zM7.500 8.500h.01",
  back: "M15 5l-7 7 7 7",
  edit: "M4 20h4L19 9l-4-4L4 16z",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  repeat: "M4 10a6 6 0 0 1 6-5h7M14 2l3 3-3 3M20 14a6 6 0 0 1-6 5H7M10 22l-3-3 3-3",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8",
  table: "M4 5h16v14H4zM4 10h16M10 10v9",
  film: "M4 5h16v14H4zM8 5v14M16 5v14M4 12h16",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  link: "M4 12h16M14 6l6 6-6 6",
  gap: "M4 12h4M16 12h4M10 6l4 12",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  step: "M5 4v16M5 8h9l3 3-3 3H5",
};

/** @param {string} name @param {string} [label] what it says; without one it is an ornament */
export function icon(name, label) {
  const seen = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return s(
    "svg",
    { viewBox: "0 0 24 24", class: "icon", focusable: "false", ...seen },
    s("path", { d: PATHS[name] ?? PATHS.circle }),
  );
}
