import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LocalDrafts } from "./local_drafts.svelte";

let stored: Map<string, string>;
let tabs: EventTarget[];
/** Whether the tab that hears of another's words has the focus, where it may be typed in. */
let focused: boolean;

/** LocalDrafts of one more tab of the same browser: what one stores, the others hear of. */
function tab(): LocalDrafts {
  const self = new EventTarget();
  tabs.push(self);
  vi.stubGlobal("addEventListener", self.addEventListener.bind(self));
  const drafts = new LocalDrafts();
  drafts.open("ann");
  const write = drafts.write.bind(drafts);
  drafts.write = (...words) => {
    write(...words);
    const event = Object.assign(new Event("storage"), { key: "kefu.drafts ann" });
    tabs.filter((other) => other !== self).forEach((other) => other.dispatchEvent(event));
  };
  return drafts;
}

beforeEach(() => {
  [stored, tabs, focused] = [new Map(), [], false];
  vi.stubGlobal("document", { hidden: false, hasFocus: () => focused });
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
});
afterEach(() => vi.unstubAllGlobals());

it("is there after a reload, for its owner alone", () => {
  tab().write("wx1:1", "half a sent");
  expect(tab().textOf("wx1:1")).toBe("half a sent");
  const other = new LocalDrafts();
  other.open("bob");
  expect([other.textOf("wx1:1"), other.all]).toEqual(["", {}]);
  other.open("ann");
  expect(other.textOf("wx1:1")).toBe("half a sent");
});

it("is shared by tabs, in windows side by side too, and gone from all once it is sent", () => {
  const [first, second] = [tab(), tab()];
  first.write("wx1:1", "half");
  expect(second.textOf("wx1:1")).toBe("half");
  second.write("wx1:1", "half a sentence");
  first.write("wx1:2", "another");
  first.write("wx1:2", "");
  second.write("wx1:1", "");
  expect([first.textOf("wx1:1"), second.textOf("wx1:1"), tab().all]).toEqual(["", "", {}]);
});

it("is never taken from under the hands of who types", () => {
  focused = true;
  const [first, second] = [tab(), tab()];
  first.write("", "one");
  second.write("", "two");
  expect([first.textOf(""), second.textOf("")]).toEqual(["one", "two"]);
  first.write("", "");
  expect(second.textOf("")).toBe("two");
  expect(tab().textOf("")).toBe("two");
  second.write("", "");
  expect(tab().all).toEqual({});
});

it("is kept by a tab that had other words", () => {
  focused = true;
  const [first, second] = [tab(), tab()];
  first.write("", "one");
  second.write("", "two");
  focused = false;
  second.write("", "two and more");
  expect(first.textOf("")).toBe("one");
});

it("lasts as long as the page where the browser keeps nothing", () => {
  vi.stubGlobal("localStorage", undefined);
  const drafts = tab();
  drafts.write("wx1:1", "half");
  drafts.write("wx1:2", "another");
  expect([drafts.textOf("wx1:1"), drafts.textOf("wx1:2")]).toEqual(["half", "another"]);
});
