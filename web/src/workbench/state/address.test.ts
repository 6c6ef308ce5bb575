import { expect, it } from "vitest";
import { hashOf, placeOf, wayBack } from "./address";

it("reads what it wrote", () => {
  for (const place of [
    { appid: "wx0123456789abcdef", session: 12 },
    { appid: "wx0123456789abcdef", session: null },
  ]) {
    expect(placeOf(hashOf(place))).toEqual(place);
  }
});

it("takes no number for one that is none", () => {
  for (const session of ["", "0", "-1", "1.5", "x", "1e99"]) {
    expect(placeOf(`#account=wx1&session=${session}`)).toEqual({ appid: "wx1", session: null });
  }
  expect(placeOf("")).toEqual({ appid: "", session: null });
  expect(placeOf("#join=abc")).toEqual({ appid: "", session: null });
});

it("leads back to the debugging page alone", () => {
  expect(wayBack("#debug=getkflist")).toBe("/debug#getkflist");
  expect(wayBack("#debug=")).toBe("/debug");
  for (const hash of ["", "#account=wx1", "#join=abc", "#Debug=x", "#debugging=x"]) expect(wayBack(hash)).toBeNull();
  const hostile = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\evil",
    "javascript:alert(1)",
    "%2F%2Fevil.example",
    "..%2Fdesk",
    "@evil.example",
    ".evil.example",
    "x#y",
    "x%0d%0ay",
    "x y",
    "<script>",
    "x".repeat(65),
  ];
  for (const said of hostile) expect(wayBack(`#debug=${said}`)?.split("#")[0], said).toBe("/debug");
  for (const said of hostile.slice(0, 9)) expect(wayBack(`#debug=${said}`), said).toBe("/debug");
  expect(wayBack("#debug=https://evil.example&debug=getkflist")).toBe("/debug");
});
