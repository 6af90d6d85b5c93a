// Requests to the service, and what it says when it refuses.
import { heard } from "./clock.js";

export const ROOT = "/api/v1";

/** What the service refused (RFC 9457), or that it was not reached (status 0). */
export class Problem extends Error {
  /** @param {number} status @param {string} title @param {string} detail @param {string[]} mistakes */
  constructor(status, title, detail, mistakes = []) {
    super(detail || title);
    this.status = status;
    this.title = title;
    this.mistakes = mistakes;
  }
}

/** Told of every 401. @type {() => void} */
let strange = () => {};
/** @param {() => void} told */
export function onStranger(told) {
  strange = told;
}

/**
 * @param {string} method @param {string} path below /api/v1 @param {unknown} [body] sent as JSON
 * @param {{keepalive?: boolean, quiet?: boolean}} [how] keepalive: also while the page closes; quiet: a 401 is the caller's
 * @returns {Promise<any>} the JSON of the answer; null where there is none
 * @throws {Problem}
 */
export async function ask(method, path, body, how = {}) {
  const headers = { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
  let reply;
  try {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    reply = await fetch(ROOT + path, {
      method,
      headers,
      body: sent,
      credentials: "same-origin",
      keepalive: how.keepalive,
    });
  } catch {
    throw new Problem(0, "The service does not answer", "The service does not answer. Is it running?");
  }
  heard(reply.headers.get("Date"));
  if (!reply.ok) throw await refusal(reply, how.quiet ?? false);
  return reply.status === 204 ? null : await reply.text().then((text) => (text ? JSON.parse(text) : null));
}

/** @param {string} path */
export const get = (path) => ask("GET", path);

/** @param {Response} reply @param {boolean} quiet */
export async function refusal(reply, quiet = false) {
  if (reply.status === 401 && !quiet) strange();
  const told = await reply.json().catch(() => ({}));
  const mistakes = Array.isArray(told.mistakes) ? told.mistakes.map(String) : [];
  return new Problem(
    reply.status,
    told.title ?? `Answer ${reply.status}`,
    typeof told.detail === "string" ? told.detail : "",
    mistakes,
  );
}

/**
 * What to tell somebody of what went wrong.
 * @param {unknown} problem
 * @param {string} [missing] where this service has no such part
 */
export function wordsOf(problem, missing) {
  if (problem instanceof Problem && problem.status === 501 && missing) return missing;
  return problem instanceof Error ? problem.message : String(problem);
}

/** Of what is given, as a query. @param {Record<string, string | number | null | undefined>} values */
export function query(values) {
  const given = Object.entries(values).filter(([, one]) => one !== null && one !== undefined && one !== "");
  return given.length ? `?${new URLSearchParams(given.map(([name, one]) => [name, String(one)]))}` : "";
}

/** @param {string} id */
export const streamPath = (id) => `/streams/${encodeURIComponent(id)}`;
