import { expect, it } from "vitest";
import { hashOf, placeOf } from "./place";

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
