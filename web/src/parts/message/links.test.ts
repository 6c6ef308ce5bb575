import { expect, test } from "vitest";
import { safeAddress, splitAddresses, splitTags } from "./links";

test("a text without links is one piece, whatever else looks like HTML", () => {
  const text = 'a < b & <b>c</b> <script>alert("1")</script>';
  expect(splitTags(text)).toEqual([{ text, href: "" }]);
  expect(splitTags("")).toEqual([]);
});

test("links stand between the words around them", () => {
  expect(splitTags("See <a href=\"https://a.example/?q=1\">here</a>, or <A HREF='http://b.example'>there</A>")).toEqual(
    [
      { text: "See ", href: "" },
      { text: "here", href: "https://a.example/?q=1" },
      { text: ", or ", href: "" },
      { text: "there", href: "http://b.example" },
    ],
  );
});

test("what a browser must not open is only words", () => {
  expect(splitTags('<a href="javascript:alert(1)">x</a>')).toEqual([{ text: "x", href: "" }]);
  expect(splitTags('<a data-miniprogram-appid="wx1" data-miniprogram-path="p">open</a>')).toEqual([
    { text: "open", href: "" },
  ]);
  expect(safeAddress("https://a.example")).toBe("https://a.example");
  expect(
    [
      safeAddress("data:text/html,x"),
      safeAddress("//a.example"),
      safeAddress(undefined),
      safeAddress("JaVaScRiPt:1"),
    ].join(""),
  ).toBe("");
});

test("a link to a mini program with an address beside it leads to the address", () => {
  const text = '<a href="https://a.example" data-miniprogram-appid="wx1" data-miniprogram-path="p">open</a>';
  expect(splitTags(text)).toEqual([{ text: "open", href: "https://a.example" }]);
});

const hrefs = (text: string) =>
  splitAddresses(text)
    .filter((part) => part.href)
    .map((part) => part.href);

test("an address is a link, and the words around it are words", () => {
  expect(splitAddresses("See http://a.example/x?q=1#y and go")).toEqual([
    { text: "See ", href: "" },
    { text: "http://a.example/x?q=1#y", href: "http://a.example/x?q=1#y" },
    { text: " and go", href: "" },
  ]);
  expect(hrefs("ftp://a.example javascript:alert(1) a.example https:// http")).toEqual([]);
  expect(hrefs("HTTPS://A.example/1\nhttps://b.example")).toEqual(["HTTPS://A.example/1", "https://b.example"]);
});

test("an address ends before the punctuation that follows it", () => {
  const ends = [
    "，",
    "。",
    "！",
    "？",
    "；",
    "：",
    "、",
    "）",
    "】",
    "》",
    "」",
    "”",
    "’",
    "…",
    "\u3000",
    "．",
    "～",
    "｝",
  ];
  for (const end of ends) expect(hrefs(`请看https://a.example/b${end}谢谢`)).toEqual(["https://a.example/b"]);
  for (const end of [".", ",", "!", "?", ";", ":", "...", "'", '"', ">", "*"]) {
    expect(hrefs(`See https://a.example/b${end} Thanks`)).toEqual(["https://a.example/b"]);
  }
});

test("a bracket belongs to the address when it was opened in it", () => {
  expect(hrefs("(https://a.example/b)")).toEqual(["https://a.example/b"]);
  expect(hrefs("https://a.example/b_(c) d")).toEqual(["https://a.example/b_(c)"]);
  expect(hrefs("(see [https://a.example/b_(c)]).")).toEqual(["https://a.example/b_(c)"]);
});

test("an address of letters beyond ASCII goes on to its end", () => {
  expect(hrefs("https://zh.example/wiki/客服，另见")).toEqual(["https://zh.example/wiki/客服"]);
});

test("a program's text holds both kinds of links, and a link's own words are not looked through", () => {
  expect(splitTags('<a href="https://a.example">https://b.example</a> https://c.example.')).toEqual([
    { text: "https://b.example", href: "https://a.example" },
    { text: " ", href: "" },
    { text: "https://c.example", href: "https://c.example" },
    { text: ".", href: "" },
  ]);
});

test("brackets that nothing opened are no part of it, however many they are", () => {
  const text = `https://a.example/${")".repeat(2000)}`;
  expect(hrefs(text)).toEqual(["https://a.example/"]);
});
