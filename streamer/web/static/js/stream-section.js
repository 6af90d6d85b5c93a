// A stream's section as in the configuration, to a form's values and back. Pure; what the form does not show is left as it is.

/**
 * Kinds of sources: name, where pictures come from, the key that says where.
 * @type {Record<string, {name: string, key: string | null, label: string, example: string, help: string}>}
 */
export const KINDS = {
  rtsp: {
    name: "RTSP camera",
    key: "url",
    label: "Address of the camera",
    example: "rtsp://user:password@camera/stream",
    help: "With user and password where the camera wants them.",
  },
  http: {
    name: "HLS or MJPEG",
    key: "url",
    label: "Address of the stream",
    example: "http://camera/live.m3u8",
    help: "A playlist (HLS), or MJPEG over HTTP.",
  },
  whep: {
    name: "WebRTC (WHEP)",
    key: "url",
    label: "Address of the WHEP endpoint",
    example: "http://media:8889/camera/whep",
    help: "MediaMTX, go2rtc or a camera that plays WebRTC.",
  },
  whip: {
    name: "Published (WHIP)",
    key: null,
    label: "",
    example: "",
    help: "A browser, a phone or OBS publishes to /whip/ and the name of the stream.",
  },
  file: {
    name: "Video file",
    key: "path",
    label: "Path on the service's machine",
    example: "/srv/videos/shift.mp4",
    help: "Is played once, as if it were a camera.",
  },
};

/** @typedef {{id: string, recognizer: string, procedure: string}} WatchValues */
/** @typedef {{id: string, kind: string, where: string, watches: WatchValues[]}} Values */

/** What the service says in the place of a secret, and takes for "as it was". */
const HIDDEN = "**********";

/**
 * @param {any} section
 * @param {string} [shown] its address without a password, for where the service does not tell it
 * @returns {Values}
 */
export function values(section, shown = "") {
  const kind = section.source?.kind ?? "rtsp",
    key = KINDS[kind]?.key,
    told = key ? (section.source?.[key] ?? "") : "";
  const watches = (section.watches ?? []).map((/** @type {any} */ one) => ({
    id: one.id,
    recognizer: one.recognizer,
    procedure: one.procedure ?? "",
  }));
  return { id: section.id ?? "", kind, where: told === HIDDEN ? shown : told, watches };
}

/**
 * @param {any} before the section that is changed; null: a new one
 * @param {Values} given
 * @param {string} [shown] as for `values`: where it was left as it is, so is what is hidden
 * @returns {any}
 */
export function section(before, given, shown = "") {
  const key = KINDS[given.kind].key,
    same = before?.source?.kind === given.kind;
  const kept = key && same && before.source[key] === HIDDEN && given.where === shown;
  const watches = given.watches.map((one) => {
    const { procedure: _, ...known } = before?.watches?.find((/** @type {any} */ each) => each.id === one.id) ?? {};
    return { ...known, id: one.id, recognizer: one.recognizer, ...(one.procedure ? { procedure: one.procedure } : {}) };
  });
  const where = key ? { [key]: kept ? HIDDEN : given.where } : {};
  return { ...before, id: given.id, source: { ...(same ? before.source : {}), kind: given.kind, ...where }, watches };
}

/**
 * Which field of the form a mistake speaks of.
 * @param {string} mistake `streams[2].source.url: …`
 * @returns {string} `id`, `where`, `watch-0-recognizer` …; empty: none
 */
export function fieldOf(mistake) {
  const [path] = mistake.split(": ");
  if (/source\b.*\.(url|path)$/.test(path)) return "where";
  const [, place, name] = /watches[.[]?(\d+)\]?\.(id|recognizer|procedure)$/.exec(path) ?? [];
  if (place !== undefined) return `watch-${place}-${name}`;
  return /(^|\.|\])id$/.test(path) ? "id" : "";
}
