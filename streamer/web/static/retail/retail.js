// Counts, dwell and trend of what people do, of MQTT alone. `Board` knows, `connect` listens, this shows.
import {Board, total, trend} from "./board.js";
import {connect, remember, settings} from "./connection.js";
import {card, clock, count, find, fill, line, seconds, words} from "./show.js";

const board = new Board();
const cards = new Map(); // topic of a watch → what shows it
let to, end = () => {}, phase = "none", since = null, reason = "", drawn = false;

const now = () => performance.now();
const chosen = () => Number(document.querySelector("input[name=window]:checked").value);

function begin() {
  end();
  board.forget();
  if (!to.broker) return told("none");
  end = connect(
    to,
    (topic, text, retained) => (board.hear(topic, text, retained, now()), draw()),
    told,
  );
}

function told(next, why = "") {
  if (next === "lost" && phase !== "lost") board.lost(now());
  if (next !== phase) since = new Date();
  [phase, reason] = [next, why];
  document.documentElement.dataset.phase = phase;
  draw();
}

/** Once a picture, however much arrives. */
function draw() {
  if (drawn) return;
  drawn = true;
  requestAnimationFrame(() => {
    drawn = false;
    drawConnection();
    drawFigures();
    drawWatches();
    drawLatest();
  });
}

const PHASES = {
  none: ["No broker"], connecting: ["Connecting …"], connected: ["Live"], lost: ["Broker lost"],
  unreachable: ["No answer"], refused: ["Refused"],
};

function drawConnection() {
  fill(find("connection-words"), PHASES[phase][0]);
  const banner = find("banner");
  let text = "";
  if (phase === "lost") text = `The broker was lost at ${clock(since)}. What you see is how it was then; the page tries again by itself.`;
  else if (phase === "unreachable") text = `Nobody answers at ${to.broker}. The page tries again by itself.`;
  else if (phase === "refused") text = reason;
  else if (phase === "connected" && board.serviceAway) text = "The service is away. What you see is how it was before.";
  banner.hidden = !text;
  fill(banner, text);
}

function drawFigures() {
  const watches = [...board.watches.values()];
  find("figures").hidden = find("feed").hidden = watches.length === 0;
  drawEmpty(watches.length > 0);
  const sum = {count: 0, ended: 0, took_s: 0};
  let open = 0;
  const doing = new Set();
  for (const watch of watches) {
    const one = total(watch.last[chosen()]);
    for (const name of Object.keys(sum)) sum[name] += one[name];
    open += watch.state?.open_count ?? 0;
    for (const action of watch.state?.open ?? []) doing.add(words(action.action));
  }
  const streams = [...board.streams.values()], online = streams.filter((one) => one.status === "online");
  const minutes = chosen() / 60;
  fill(find("actions"), count(sum.count));
  fill(find("actions-small"), `in the last ${minutes === 1 ? "minute" : `${minutes} minutes`}`);
  fill(find("dwell"), sum.ended ? seconds(sum.took_s / sum.ended) : "–");
  fill(find("dwell-small"), sum.ended ? `of ${count(sum.ended)} that ended` : "nothing ended");
  fill(find("now"), count(open));
  fill(find("now-small"), [...doing].slice(0, 3).join(", ") || "nothing");
  fill(find("cameras"), `${online.length} of ${streams.length}`);
  fill(find("cameras-small"), online.length === streams.length ? "all are seen" : "are seen");
}

function drawEmpty(any) {
  const empty = find("empty");
  empty.hidden = any;
  if (any) return;
  const [title, text] = {
    none: ["Which broker?", "Give the WebSocket address of the broker to which the service publishes. It is remembered here, and can stand in this page's address: ?broker=wss://…"],
    connecting: ["Connecting …", to?.broker ?? ""],
    connected: ["Connected, and all is quiet", `Nothing is published below “${to?.prefix}” yet. As soon as the service watches a camera, it is here.`],
    lost: ["Waiting for the broker", to?.broker ?? ""],
    unreachable: ["Waiting for the broker", to?.broker ?? ""],
    refused: ["The broker said no", "See above; another address or user may help."],
  }[phase];
  line(empty, "h2", title, "p", text);
}

function drawWatches() {
  for (const [topic, shown] of cards)
    if (!board.watches.has(topic)) {
      shown.article.remove();
      cards.delete(topic);
    }
  const inOrder = [...board.watches.values()].sort((a, b) => a.topic.localeCompare(b.topic, undefined, {numeric: true}));
  const added = inOrder.filter((watch) => !cards.has(watch.topic));
  for (const watch of added) cards.set(watch.topic, card(watch));
  if (added.length) find("watches").append(...inOrder.map((watch) => cards.get(watch.topic).article));
  for (const watch of inOrder) {
    const status = board.streams.get(watch.topic.split("/").slice(0, -1).join("/"));
    const at = Date.now() - board.behindMs, since = Date.parse(watch.state?.counts?.since);
    const age_s = Number.isNaN(since) ? Infinity : (at - since) / 1000;
    cards.get(watch.topic).show({watch, status, window_s: chosen(), bars: trend(watch, now(), age_s), age_s, at});
  }
}

function drawLatest() {
  find("feed-quiet").hidden = board.latest.length > 0;
  const list = find("latest");
  const texts = board.latest.map((one) => [
    clock(new Date(Date.parse(one.at) + board.behindMs)), words(one.action),
    one.phase === "started" ? "began" : `ended after ${seconds(one.duration_s ?? 0)}`, `${one.stream} / ${one.watch}`,
  ]);
  if (list.dataset.shown === String(texts)) return;
  list.dataset.shown = String(texts);
  list.replaceChildren(...texts.map((parts) => line(document.createElement("li"), "time", parts[0], "b", parts[1], "span", parts[2], "small", parts[3])));
}

function ask() {
  for (const name of ["broker", "prefix", "username", "password"]) find(FIELDS[name]).value = to[name];
  fill(find("wrong"), "");
  find("broker").showModal();
}
const FIELDS = {broker: "address", prefix: "prefix", username: "username", password: "password"};

find("connection").addEventListener("click", ask);
find("cancel").addEventListener("click", () => find("broker").close());
find("broker-form").addEventListener("submit", (event) => {
  const said = Object.fromEntries(Object.entries(FIELDS).map(([name, field]) => [name, find(field).value.trim()]));
  if (!/^wss?:\/\/[^\s/@]+/.test(said.broker)) {
    event.preventDefault();
    fill(find("wrong"), "An address begins with ws:// or wss://, as in wss://broker.example:9001, and holds no password.");
    return find("address").focus();
  }
  to = {...said, service_prefix: said.prefix === to.prefix ? to.service_prefix : said.prefix};
  remember(to);
  begin();
});
find("windows").addEventListener("change", draw);
find("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.documentElement.dataset.theme = dark === "dark" ? "light" : "dark";
});
setInterval(draw, 1000); // what goes on lasts longer, and the trend moves on

const theme = new URLSearchParams(location.search).get("theme");
if (["dark", "light"].includes(theme)) document.documentElement.dataset.theme = theme;
to = await settings();
begin();
