import { expect, it } from "vitest";
import type { PushRow } from "../../wire";
import { merge, missing } from "./push_list";

const row = (id: string): PushRow => ({
  id,
  openid: "o1",
  what: "text",
  outcome: "taken",
  tries: 1,
  fault: "",
  at: 0,
});
const ids = (rows: PushRow[]) => rows.map((one) => one.id);

it("puts a push where it belongs, also one that ended after later ones", () => {
  const shown = ["12.0", "10.1", "10.0"].map(row);
  const latest = ["12.0", "11.0", "10.1"].map(row);
  expect(ids(missing(latest, shown))).toEqual(["11.0"]);
  expect(ids(merge(latest, shown))).toEqual(["12.0", "11.0", "10.1", "10.0"]);
});

it("orders ids as numbers", () => {
  expect(ids(merge(["9.0", "10.0"].map(row), ["10.2", "10.10"].map(row)))).toEqual(["10.10", "10.2", "10.0", "9.0"]);
});
