// Addresses of views, behind the # so that the server need not know them.

/** @typedef {{close?: () => void, title: string}} View */

/** @param {string} hash @returns {string[]} its parts, decoded; none where somebody has broken it */
export function parts(hash) {
  try {
    return hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return [];
  }
}

/** @param {...string} names */
export const to = (...names) => `#/${names.map(encodeURIComponent).join("/")}`;

/**
 * Show the view of the address, now and whenever it changes.
 * @param {HTMLElement} root
 * @param {(path: string[]) => (root: HTMLElement) => View} view
 */
export function route(root, view) {
  let shown = /** @type {View | null} */ (null);
  const show = (/** @type {boolean} */ moved) => {
    shown?.close?.();
    root.replaceChildren();
    shown = view(parts(location.hash))(root);
    document.title = `${shown.title} – Taktstream`;
    if (moved) {
      scrollTo(0, 0);
      root.focus({ preventScroll: true });
    }
  };
  addEventListener("hashchange", () => location.hash.startsWith("#/") && show(true));
  show(false);
  return () => show(false);
}
