// Times in the words that people read: Slack's {date_…} tokens, the clock of a message, the day of a divider.

const LANGUAGE = "en-GB";
const FORMATS = {
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

function say(date, format) {
  return new Intl.DateTimeFormat(LANGUAGE, format).format(date);
}

function daysAgo(date) {
  const start = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate());
  return Math.round((start(new Date()) - start(date)) / 86_400_000);
}

const NEAR = { "-1": "tomorrow", 0: "today", 1: "yesterday" };

function ago(date) {
  const steps = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
  const seconds = (date - Date.now()) / 1000;
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? steps.at(-1);
  return new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

function numbers(date) {
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return parts.map((part) => String(part).padStart(2, "0")).join("-");
}

function token(date, name) {
  if (name === "ago") return ago(date);
  const plain = name.replace(/_pretty$/, "");
  const near = NEAR[daysAgo(date)];
  if (plain !== name && near) return near;
  if (plain === "date_num") return numbers(date);
  return Object.hasOwn(FORMATS, plain) ? say(date, FORMATS[plain]) : null;
}

/** Fill Slack's format, as in "{date_short} {time}", for Unix seconds; null when they are no time. */
export function slackDate(seconds, format) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return null;
  return format.replace(/\{(\w+)\}/g, (whole, name) => token(date, name) ?? whole);
}

/** A message's ts, "1763842800.000100", as a Date. */
export function fromTs(ts) {
  return new Date(Number(ts) * 1000);
}

/** "20:14" */
export function clock(date) {
  return say(date, FORMATS.time);
}

/** "Today", "Yesterday" or "Monday, 16 November" */
export function day(date) {
  const near = NEAR[daysAgo(date)];
  if (near) return near[0].toUpperCase() + near.slice(1);
  return say(date, { weekday: "long", day: "numeric", month: "long" });
}

/** "Sunday 22 November 2026 at 20:14:05", for tooltips. */
export function exact(date) {
  return `${say(date, FORMATS.date_long)} at ${say(date, FORMATS.time_secs)}`;
}

/** "today at 20:14" */
export function moment(date) {
  return `${NEAR[daysAgo(date)] ?? say(date, FORMATS.date_short)} at ${clock(date)}`;
}
