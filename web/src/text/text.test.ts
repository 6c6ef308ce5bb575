import { expect, it } from "vitest";
import { enDebug } from "./debug.en";
import { zhDebug } from "./debug.zh";
import { en, enDesk } from "./en";
import { enPush } from "./push.en";
import { zhPush } from "./push.zh";
import { spaced } from "./spaced";
import { zh, zhDesk } from "./zh";

/** Every text of a catalogue; what takes values gets a name, and whole numbers where it wants them. */
function texts(catalogue: object): string[] {
  return Object.values(catalogue).flatMap((value: unknown) => {
    if (typeof value === "string") return [value];
    if (typeof value === "function") return [(value as (...values: unknown[]) => string)("Ann", "Ann")];
    return typeof value === "object" && value ? texts(value) : [];
  });
}

const chinese = [zh, zhDesk, zhDebug, zhPush].flatMap(texts);
const english = [en, enDesk, enDebug, enPush].flatMap(texts);

it("puts a space between Chinese and what is not, wherever a name has been filled in", () => {
  expect(spaced`将${"客户 Gltc"}转接给…`).toBe("将客户 Gltc 转接给…");
  expect(spaced`转接给${"小美"}`).toBe("转接给小美");
  expect(spaced`${"小美 (2)"}正在接待`).toBe("小美 (2)正在接待");
  expect(spaced`等待${"3 分钟"}`).toBe("等待 3 分钟");
  const stray = /\p{Script=Han}[A-Za-z\d]|[A-Za-z\d]\p{Script=Han}|\p{Script=Han} \p{Script=Han}| [，。：；！？”）]/u;
  expect(chinese.filter((text) => stray.test(text))).toEqual([]);
});

it("leaves punctuation to the catalogues, which is of each language's own width", () => {
  expect(chinese.filter((text) => /\p{Script=Han}[,:;!?()]|[,:;!?]\p{Script=Han}/u.test(text))).toEqual([]);
  const sources = import.meta.glob<string>("../**/*.svelte", { query: "?raw", import: "default", eager: true });
  const markup = Object.values(sources).map((source) => source.replace(/<(script|style)[^]*?<\/\1>/g, ""));
  expect(markup.length).toBeGreaterThan(20);
  expect(markup.flatMap((text) => text.match(/.*\}[:;] ?\{.*/g) ?? [])).toEqual([]);
});

it("says one word for one thing", () => {
  expect(chinese.filter((text) => /顾客|你|「|」|"|登陆|帐号/.test(text))).toEqual([]);
  expect(english.filter((text) => /\b(she|her|hers|he|him|his|sign out|sign in)\b|"/i.test(text))).toEqual([]);
});
