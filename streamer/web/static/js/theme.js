// Before anything is drawn, so that a dark room is not lit up: the theme that was chosen, else the system's.
try {
  const chosen = localStorage.getItem("takt-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is forbidden: the system's theme it is.
}
