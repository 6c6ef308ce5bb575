import { expect, it } from "vitest";
import { Refused } from "../../api";
import { fieldOf } from "./fields";

const others = [{ id: 1, name: "After-sale", menu_id: "2", members: [] }];
const field = (errcode: number, name = "New") => fieldOf(new Refused(errcode, 409, ""), name, others);

it("shows each refusal at the field that it is about", () => {
  const codes = [990039, 990040, 990041, 990043, 0];
  expect(codes.map((code) => field(code))).toEqual(["name", "menu", "group", "group", "group"]);
  expect([field(990042, " After-sale "), field(990042)]).toEqual(["name", "menu"]);
  expect(fieldOf(new Error("x"), "New", others)).toBe("group");
});
