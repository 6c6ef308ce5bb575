/** Times in words, and the clock that keeps them current. */
import type { Text } from "../../text/language.svelte";

const TICK_MS = 10_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

class Clock {
  now = $state(Date.now());
  constructor() {
    const tick = () => (this.now = Date.now());
    setInterval(tick, TICK_MS);
    document.addEventListener("visibilitychange", tick);
  }
}

export const clock = new Clock();

const formats = new Map<string, Intl.DateTimeFormat>();

function format(lang: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${lang} ${name}`;
  const made = formats.get(key) ?? new Intl.DateTimeFormat(lang, options);
  formats.set(key, made);
  return made;
}

const midnight = (at: number) => new Date(at).setHours(0, 0, 0, 0);

/** The time of day: 14:05. */
export function hour(text: Text, at: number): string {
  return format(text.lang, "hour", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
}

/** Today, Yesterday, or a date. */
export function day(text: Text, at: number, now: number): string {
  const days = Math.round((midnight(now) - midnight(at)) / DAY);
  if (days <= 0) return text.time.today;
  if (days === 1) return text.time.yesterday;
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: "numeric" as const };
  const name = "year" in year ? "date" : "day";
  return format(text.lang, name, { ...year, month: "long", day: "numeric", weekday: "short" }).format(at);
}

export const sameDay = (a: number, b: number): boolean => midnight(a) === midnight(b);

/** "3 min": a length of time; never negative, although two clocks may differ. */
export function span(text: Text, ms: number): string {
  if (ms < MINUTE) return text.time.moments;
  if (ms < HOUR) return text.time.minutes(Math.floor(ms / MINUTE));
  if (ms < 2 * DAY) return text.time.hours(Math.floor(ms / HOUR));
  return text.time.days(Math.floor(ms / DAY));
}

/** How long somebody has waited since a time, to the minute: just now, 3 min, 5 h. */
export const waited = (text: Text, at: number, now: number): string =>
  now - at < MINUTE ? text.time.now : span(text, now - at);

/** For a list: just now, 3 min ago, 5 h ago, Yesterday, 3 May, 3 May 2025. */
export function brief(text: Text, at: number, now: number): string {
  if (now - at < MINUTE) return text.time.now;
  if (now - at < DAY) return text.time.ago(span(text, now - at));
  // On the day on which summer time ends, a day lasts 25 hours.
  if (midnight(now) - midnight(at) < 2 * DAY - HOUR) return text.time.yesterday;
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  const options: Intl.DateTimeFormatOptions = { month: "short", day: "numeric" };
  if (isThisYear) return format(text.lang, "brief", options).format(at);
  return format(text.lang, "brief with year", { ...options, year: "numeric" }).format(at);
}

/** To the minute, with the date: 3 May 2026 at 14:05. */
export function exact(text: Text, at: number): string {
  return format(text.lang, "exact", { dateStyle: "long", timeStyle: "short", hourCycle: "h23" }).format(at);
}
