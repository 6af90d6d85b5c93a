// Times as people read them: in the viewer's zone, ages that tick, durations. Pure.

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const SHORT = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** Unix seconds of what the API says. @param {string | number} told ISO 8601, or Unix seconds */
export function unix(told) {
  return typeof told === "number" ? told : Date.parse(told) / 1000;
}

/** The time of day; with the day where that is not today. @param {number} at @param {number} now Unix seconds */
export function clockTime(at, now) {
  const one = new Date(at * 1000);
  return (one.toDateString() === new Date(now * 1000).toDateString() ? CLOCK : DAY).format(one);
}

/** Hours and minutes. @param {number} at Unix seconds */
export function shortTime(at) {
  return SHORT.format(new Date(at * 1000));
}

/** All of it, with the zone. @param {number} at Unix seconds */
export function wholeTime(at) {
  return WHOLE.format(new Date(at * 1000));
}

/**
 * How long: `4.8 s`, `42 s`, `3 min 05 s`, `2 h 10 min`, `3 d 4 h`.
 * @param {number} seconds
 * @param {boolean} [fine] tenths below 100 s
 */
export function duration(seconds, fine = false) {
  const all = Math.max(0, seconds);
  if (fine && all < 99.95) return `${all.toFixed(1)} s`;
  const whole = Math.floor(all);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  if (whole < 86400)
    return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** As on a stopwatch: `8.1 s`, `21:58`, `1:02:03`. @param {number} seconds */
export function stopwatch(seconds) {
  const whole = Math.floor(Math.max(0, seconds)),
    two = (/** @type {number} */ one) => String(one).padStart(2, "0");
  if (whole < 60) return `${Math.max(0, seconds).toFixed(1)} s`;
  const hours = Math.floor(whole / 3600),
    minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** How long ago; what is not past yet is now. @param {number} at @param {number} now Unix seconds */
export function age(at, now) {
  const passed = now - at;
  return passed < 2 ? "now" : `${duration(passed)} ago`;
}
