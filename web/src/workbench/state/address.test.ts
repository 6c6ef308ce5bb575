import { expect, it } from "vitest";
import { addressHash, parseAddress, debugReturnPath } from "./address";

it("reads what it wrote", () => {
  for (const place of [
    { appid: "wx0123456789abcdef", session: 12 },
    { appid: "wx0123456789abcdef", session: null },
  ]) {
    expect(parseAddress(addressHash(place))).toEqual(place);
  }
});

it("takes no number for one that is none", () => {
  for (const session of ["", "0", "-1", "1.5", "x", "1e99"]) {
    expect(parseAddress(`#account=wx1&session=${session}`)).toEqual({ appid: "wx1", session: null });
  }
  expect(parseAddress("")).toEqual({ appid: "", session: null });
  expect(parseAddress("#join=abc")).toEqual({ appid: "", session: null });
});

it("leads back to the debugging page alone", () => {
  expect(debugReturnPath("#debug=getkflist")).toBe("/debug#getkflist");
  expect(debugReturnPath("#debug=")).toBe("/debug");
  for (const hash of ["", "#account=wx1", "#join=abc", "#Debug=x", "#debugging=x"])
    expect(debugReturnPath(hash)).toBeNull();
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
  for (const said of hostile) expect(debugReturnPath(`#debug=${said}`)?.split("#")[0], said).toBe("/debug");
  for (const said of hostile.slice(0, 9)) expect(debugReturnPath(`#debug=${said}`), said).toBe("/debug");
  expect(debugReturnPath("#debug=https://evil.example&debug=getkflist")).toBe("/debug");
});
