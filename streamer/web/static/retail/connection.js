// The way to the broker: MQTT 3.1.1 over WebSockets, for as long as the page is open.
import mqtt from "./mqtt-5.16.0.esm.js";

const REFUSED = new Map([
  [4, "The broker does not know this user name and password."],
  [5, "The broker lets this user in nowhere."],
]);
const SOONEST_MS = 1000;
const LATEST_MS = 15_000;

const KEPT = "takt-retail";

/** Where to: what the address of this page says, what the service says, what was said here before. */
export async function settings() {
  const secret = new URLSearchParams(location.hash.slice(1)); // behind a #: no server is ever told
  const said = new URLSearchParams(`${location.search.slice(1)}&${secret}`);
  const own = await fetch("config.json", {cache: "no-store"}).then((answer) => (answer.ok ? answer.json() : {})).catch(() => ({}));
  const before = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  const prefix = said.get("prefix") ?? own.prefix ?? before.prefix ?? "takt";
  return {
    broker: said.get("broker") ?? own.broker ?? before.broker ?? "",
    prefix,
    service_prefix: prefix === own.prefix ? own.service_prefix : prefix,
    username: said.get("username") ?? before.username ?? "",
    password: secret.get("password") ?? "",
  };
}

export function remember({broker, prefix, username}) {
  localStorage.setItem(KEPT, JSON.stringify({broker, prefix, username}));
}

/**
 * Connect, and connect again. `hear(topic, text, retained)` is told what arrives, `tell(phase, words)` how it goes:
 * connecting, connected, lost (again after a while), refused (not before somebody says something else).
 * Returns what ends it.
 */
export function connect(to, hear, tell) {
  let client, ended = false, was = "connecting";
  const phase = (next, words = "") => ended || tell((was = next), words);
  const refused = (words) => (phase("refused", words), end());
  const blocked = () => refused(`This page may not reach ${to.broker}: the server that it came from names another broker.`);
  document.addEventListener("securitypolicyviolation", blocked);

  function end() {
    ended = true;
    document.removeEventListener("securitypolicyviolation", blocked);
    client?.end(true);
  }

  phase("connecting");
  try {
    client = mqtt.connect(to.broker, {
      protocolVersion: 4,
      clientId: `takt-retail-${crypto.getRandomValues(new Uint32Array(2)).join("")}`.slice(0, 23),
      clean: true,
      username: to.username || undefined,
      password: to.password || undefined,
      keepalive: 30,
      connectTimeout: 5000,
      reconnectPeriod: SOONEST_MS,
      resubscribe: false, // done below
      timerVariant: "native", // the other kind is a worker made of text, which a strict page does not allow
    });
  } catch (error) {
    refused(`${to.broker} is no address of a broker: ${error.message}`);
    return end;
  }
  client.on("connect", () => {
    client.options.reconnectPeriod = SOONEST_MS;
    phase("connected");
    const below = ["+/status", "+/+/state", "+/+/last/+", "+/events"].map((rest) => `${to.prefix}/${rest}`);
    client.subscribe([...below, `${to.service_prefix}/service/+/status`], {qos: 1}, (error, granted, answer) => {
      const levels = (error?.packet ?? answer)?.granted ?? []; // none: the connection was lost meanwhile
      if (levels.some((one) => one > 2)) refused(`The broker lets this user read nothing below ${to.prefix}.`);
    });
  });
  client.on("close", () => {
    phase(was === "connecting" || was === "unreachable" ? "unreachable" : "lost");
    client.options.reconnectPeriod = Math.min(LATEST_MS, 2 * client.options.reconnectPeriod);
  });
  client.on("error", (error) => REFUSED.has(error.code) && refused(REFUSED.get(error.code)));
  client.on("message", (topic, payload, packet) => ended || hear(topic, new TextDecoder().decode(payload), packet.retain));
  return end;
}
