// Elements without a framework. Text is always text: nothing here takes HTML.
const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * An element. Of its properties, `class` and names with a hyphen are attributes, `on…` functions listeners, `style` custom
 * properties; the rest are set on the element.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Child | Child[])} children
 * @returns {any}
 */
export function h(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/**
 * The same for SVG.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Child | Child[])} children
 */
export function s(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

/** @param {any} element @param {Record<string, any>} properties @param {(Child | Child[])[]} children */
function filled(element, properties, children) {
  const isSvg = element.namespaceURI === SVG;
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style")
      Object.entries(value).forEach(([key, one]) => element.style.setProperty(key, String(one)));
    else if (isSvg || name === "class" || name === "role" || name === "for" || name.includes("-")) {
      element.setAttribute(name, value === true ? "" : String(value));
    } else element[name] = value;
  }
  element.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

/**
 * Write only what is different: screen readers and selections are left in peace.
 * @param {Node} node
 * @param {string | number} text
 */
export function write(node, text) {
  if (node.textContent !== String(text)) node.textContent = String(text);
}

/** @param {Element} element @param {string} name @param {string | number | boolean | null} value null, false: none */
export function mark(element, name, value) {
  const text = value === true ? "" : String(value);
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * Make the children of a list those of `items`, in order, and keep the elements of those that stay.
 * @template T
 * @param {Element} parent
 * @param {T[]} items
 * @param {(item: T) => string} name unique among them
 * @param {(item: T) => {element: Element, update?: (item: T) => void, close?: () => void}} make
 * @param {Map<string, any>} parts what was made; kept by the caller
 */
export function list(parent, items, name, make, parts) {
  const wanted = new Set(items.map(name));
  for (const [key, part] of parts) {
    if (wanted.has(key)) continue;
    part.close?.();
    part.element.remove();
    parts.delete(key);
  }
  items.forEach((item, place) => {
    const key = name(item);
    if (!parts.has(key)) parts.set(key, make(item));
    const part = parts.get(key);
    part.update?.(item);
    if (parent.children[place] !== part.element) parent.insertBefore(part.element, parent.children[place] ?? null);
  });
}
