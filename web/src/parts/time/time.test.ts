import { expect, it, vi } from "vitest";
import { en } from "../../text/en";
import type { Text } from "../../text/language.svelte";
import { zh } from "../../text/zh";

vi.stubGlobal("document", new EventTarget());
const { brief, exact } = await import("./time.svelte");

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
/** An evening, in whatever zone this runs. */
const NOW = new Date(2026, 10, 30, 21, 30).getTime();
const ago = (text: Text, ms: number) => brief(text, NOW - ms, NOW);

it("says how long ago: minutes, hours, yesterday, then the date", () => {
  const said: [number, string, string][] = [
    [0, "刚刚", "just now"],
    [59 * SECOND, "刚刚", "just now"],
    [MINUTE, "1 分钟前", "1 min ago"],
    [3 * MINUTE + 59 * SECOND, "3 分钟前", "3 min ago"],
    [59 * MINUTE, "59 分钟前", "59 min ago"],
    [HOUR, "1 小时前", "1 h ago"],
    [5 * HOUR, "5 小时前", "5 h ago"],
    [23 * HOUR + 59 * MINUTE, "23 小时前", "23 h ago"],
    [DAY, "昨天", "Yesterday"],
    [DAY + 21 * HOUR, "昨天", "Yesterday"],
    [DAY + 22 * HOUR, "11月28日", "Nov 28"],
    [40 * DAY, "10月21日", "Oct 21"],
    [400 * DAY, "2025年10月26日", "Oct 26, 2025"],
  ];
  for (const [ms, chinese, english] of said) expect([ago(zh, ms), ago(en, ms)]).toEqual([chinese, english]);
});

it("says no time to come where two clocks disagree", () => {
  expect([ago(zh, -HOUR), ago(en, -HOUR)]).toEqual(["刚刚", "just now"]);
});

it("says exactly when, to the minute", () => {
  expect(exact(zh, NOW)).toBe("2026年11月30日 21:30");
  expect(exact(en, NOW)).toBe("November 30, 2026 at 21:30");
});
