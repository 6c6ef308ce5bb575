import { expect, test } from "vitest";
import { links, safe } from "./links";

test("a text without links is one piece, whatever else looks like HTML", () => {
  const text = 'a < b & <b>c</b> <script>alert("1")</script>';
  expect(links(text)).toEqual([{ text, href: "" }]);
  expect(links("")).toEqual([]);
});

test("links stand between the words around them", () => {
  expect(links('See <a href="https://a.example/?q=1">here</a>, or <A HREF=\'http://b.example\'>there</A>')).toEqual([
    { text: "See ", href: "" },
    { text: "here", href: "https://a.example/?q=1" },
    { text: ", or ", href: "" },
    { text: "there", href: "http://b.example" },
  ]);
});

test("what a browser must not open is only words", () => {
  expect(links('<a href="javascript:alert(1)">x</a>')).toEqual([{ text: "x", href: "" }]);
  expect(links('<a data-miniprogram-appid="wx1" data-miniprogram-path="p">open</a>')).toEqual([
    { text: "open", href: "" },
  ]);
  expect(safe("https://a.example")).toBe("https://a.example");
  expect([safe("data:text/html,x"), safe("//a.example"), safe(undefined), safe("JaVaScRiPt:1")].join("")).toBe("");
});

test("a link to a mini program with an address beside it leads to the address", () => {
  const text = '<a href="https://a.example" data-miniprogram-appid="wx1" data-miniprogram-path="p">open</a>';
  expect(links(text)).toEqual([{ text: "open", href: "https://a.example" }]);
});
