// How it looks: texts, and the card of a watch. Whatever comes from outside is set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";
const HIGH = 56;

export const find = (id) => document.getElementById(id);
export const count = (number) => number.toLocaleString("en");
export const words = (name) => name.replaceAll("_", " ");
export const clock = (when) => when.toLocaleTimeString("en-GB");

export function seconds(value) {
  if (value < 9.95) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export function fill(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Elements in a row, each of a name and a text; those that are there already only change. */
export function line(parent, ...parts) {
  for (let at = 0; at < parts.length; at += 2) {
    const element = parent.children[at / 2] ?? parent.appendChild(document.createElement(parts[at]));
    fill(element, parts[at + 1]);
  }
  return parent;
}

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const HEALTH = {
  offline: (status) => [`offline: ${words(status.reason || "not connected")}`, "bad"],
  stalled: (status) => [status.reason === "no_decisions" ? "sends pictures, nothing is decided" : "connected, no pictures come", "warn"],
  online: (status) => (["clear", "unknown"].includes(status.sight) ? ["online", "good"] : [`the picture is ${status.sight}`, "warn"]),
};

/** The card of a watch, and what shows things on it. */
export function card({topic, stream, name}) {
  const health = make("span", {class: "health"}), what = make("b"), how = make("span", {class: "quiet"});
  const title = topic.replaceAll(/[^\w-]/g, "-");
  const rows = make("tbody"), caption = make("caption", {class: "unseen"}), quiet = make("p", {class: "quiet"});
  const heads = ["Action", "Count", "Average", "Longest", "In all"].map((text) => make("th", {scope: "col"}, text));
  const table = make("table", {}, caption, make("thead", {}, make("tr", {}, ...heads)), rows);
  const chart = bars(), work = make("p", {class: "quiet work"});
  const inside = make(
    "div", {class: "inside"},
    make("div", {class: "head"}, make("h2", {id: title}, make("span", {}, words(name)), make("small", {}, stream)), health),
    make("p", {class: "doing"}, what, how), chart.figure, make("div", {class: "counts"}, quiet, table, work),
  );
  const article = make("article", {class: "panel watch", "aria-labelledby": title}, inside);
  return {
    article,
    show({watch, status, window_s, bars: minutes, age_s, at}) {
      const [text, level] = status ? (HEALTH[status.status]?.(status) ?? [status.status, "warn"]) : ["not heard of yet", "warn"];
      fill(health, text);
      health.dataset.level = level;
      const doing = watch.state?.action, last = watch.last[window_s];
      const others = (watch.state?.open_count ?? 1) - 1;
      fill(what, doing ? words(doing.action) : "Nothing going on");
      fill(how, doing ? `for ${seconds(Math.max(0, (at - Date.parse(doing.since)) / 1000))}${others > 0 ? `, and ${others} more` : ""}` : "");
      chart.show(minutes, Math.min(minutes.length, Math.max(1, age_s / 60)));
      fill(caption, `${name} at ${stream}: the last ${window_s / 60} min`);
      const actions = Object.entries(last?.actions ?? {}).sort(([a], [b]) => a.localeCompare(b));
      table.hidden = actions.length === 0;
      fill(quiet, actions.length ? "" : "Nothing has been seen here yet.");
      fillRows(rows, actions);
      fill(work, units(last?.cycles));
    },
  };
}

function fillRows(rows, actions) {
  const most = Math.max(1, ...actions.map(([, one]) => one.dwell_s.total));
  while (rows.children.length > actions.length) rows.lastChild.remove();
  actions.forEach(([action, one], at) => {
    const row = rows.children[at] ?? rows.appendChild(make("tr", {}, make("th", {scope: "row"}, make("span"), meter()), ...[1, 2, 3, 4].map(() => make("td"))));
    row.dataset.action = action;
    row.classList.toggle("none", one.count === 0 && one.dwell_s.total === 0);
    const [name, share] = row.children[0].children;
    fill(name, words(action));
    share.firstChild.setAttribute("width", (100 * one.dwell_s.total) / most);
    const {mean, max, total} = one.dwell_s;
    const texts = [count(one.count), ...[mean, max, total || null].map((value) => (value == null ? "–" : seconds(value)))];
    texts.forEach((text, column) => fill(row.children[column + 1], text));
  });
}

function units(cycles) {
  const {completed = 0, abandoned = 0, took_s} = cycles ?? {};
  if (!completed && !abandoned) return "";
  const took = took_s?.p50 != null ? `, usually ${seconds(took_s.p50)}` : "";
  return `${count(completed)} ${completed === 1 ? "unit" : "units"} completed${took}${abandoned ? `, ${count(abandoned)} abandoned` : ""}`;
}

/** How long an action went on beside the one that went on longest; the number stands beside it. */
function meter() {
  const svg = document.createElementNS(SVG, "svg"), bar = document.createElementNS(SVG, "rect");
  for (const [key, value] of Object.entries({viewBox: "0 0 100 2", preserveAspectRatio: "none", class: "share", "aria-hidden": "true"})) svg.setAttribute(key, value);
  bar.setAttribute("height", 2);
  svg.append(bar);
  return svg;
}

/** A bar a minute. Those from before this page listened are averages, and look so. */
function bars() {
  const svg = document.createElementNS(SVG, "svg"), words = make("b");
  const caption = make("figcaption", {}, make("span", {}, "15 min ago"), words, make("span", {}, "now"));
  svg.setAttribute("role", "img");
  svg.setAttribute("preserveAspectRatio", "none");
  const figure = make("figure", {class: "trend"}, svg, caption);
  return {
    figure,
    show(minutes, known) {
      const most = Math.max(4, ...minutes.map((one) => one.count)), wide = 10;
      svg.setAttribute("viewBox", `0 0 ${minutes.length * wide} ${HIGH}`);
      while (svg.children.length < minutes.length) svg.append(document.createElementNS(SVG, "rect"));
      minutes.forEach(({count, average}, at) => {
        const high = Math.max(1, (HIGH * count) / most), bar = svg.children[at];
        const numbers = {x: at * wide + 1, y: HIGH - high, width: wide - 2, height: high, class: count ? (average ? "average" : "counted") : "nothing"};
        for (const [key, value] of Object.entries(numbers)) bar.setAttribute(key, value);
      });
      const newest = minutes.at(-1).count, mean = minutes.reduce((sum, one) => sum + one.count, 0) / known;
      const text = `${Math.round(newest)} in the last minute, ${mean.toFixed(1)} a minute on average`;
      svg.setAttribute("aria-label", `Trend: ${text}`);
      fill(words, text);
    },
  };
}
