import { describe, expect, it } from "vitest";
import { parseDescription, type Operation } from "../api_description";
import { address, blank, isObject, refusalOf } from "./call";

const ADD = {
  operationId: "add",
  summary: "Adds.",
  tags: ["kfaccount"],
  security: [{ access_token: [] }],
  externalDocs: { url: "https://x" },
  parameters: [],
  requestBody: {
    content: {
      "application/json": {
        schema: {
          required: ["kf_account"],
          properties: {
            kf_account: { type: "string", examples: ["kf1@demo"], description: "Id.", "x-zh": "账号。" },
            kf_wx: { type: ["string", "null"] },
          },
        },
      },
    },
  },
  "x-kefu": {
    name: "add",
    order: 1,
    meaning: { en: "Adds.", zh: "添加。" },
    callers: [{ kind: "service", certified: true }],
    platforms: "sets",
    sets: [1],
    cloud: null,
    rules: [],
    codes: [0],
    differs: "",
    body_max: 262144,
  },
};
const ASK = {
  ...ADD,
  operationId: "ask",
  tags: ["token"],
  security: [],
  requestBody: undefined,
  parameters: [
    { name: "appid", required: true, schema: { type: "string", examples: ["wx0"] } },
    { name: "note", required: false, schema: { type: "string", examples: ["n"] } },
  ],
  "x-kefu": { ...ADD["x-kefu"], name: "ask" },
};
const api = parseDescription({
  tags: [{ name: "token" }, { name: "kfaccount" }],
  paths: {
    "/alias": { post: { ...ADD, operationId: "add_alias1", deprecated: true } },
    "/add": { post: ADD, get: { ...ADD, operationId: "add_get", "x-beyond-page": true } },
    "/ask": { get: ASK },
  },
  "x-errcodes": {},
});
const operation = (name: string): Operation => api.endpoints.find((one) => one.name === name)!.operations[0]!;

describe("the description", () => {
  it("is read in the order of its groups, the documented address first", () => {
    expect(api.endpoints.map((one) => one.name)).toEqual(["ask", "add"]);
    expect(api.endpoints[1]!.operations.map((one) => one.path)).toEqual(["/add", "/add", "/alias"]);
    expect(api.endpoints[1]!.operations.map((one) => one.isUndocumented)).toEqual([false, true, false]);
  });

  it("says what a member is in both languages", () => {
    const [first, second] = operation("add").body!.members;
    expect(first).toMatchObject({ kind: "string", required: true, meaning: { en: "Id.", zh: "账号。" } });
    expect(second).toMatchObject({ kind: "string", required: false });
  });
});

describe("a call", () => {
  it("begins with what must be there", () => {
    expect(JSON.parse(blank(operation("add"), "wx1").text)).toEqual({ kf_account: "kf1@demo" });
    expect(blank(operation("ask"), "wx1").query).toEqual({ appid: "wx1", note: "" });
    expect(blank(operation("ask"), "").query).toEqual({ appid: "wx0", note: "" });
  });

  it("leaves out what is empty, and a token where the endpoint asks for none", () => {
    const filled = { ...blank(operation("ask"), "wx1"), token: "50_t" };
    expect(address(operation("ask"), filled)).toBe("/ask?appid=wx1");
    expect(address(operation("add"), { ...filled, query: {} })).toBe("/add?access_token=50_t");
    expect(address(operation("add"), { ...filled, query: {}, token: "" })).toBe("/add");
  });

  it("tells a refusal and its rid from an answer", () => {
    const rid = "6b037283-980eb533-811a7e8f";
    expect(refusalOf(`{"errcode":65401,"errmsg":"invalid rid: ${rid}"}`)).toEqual({ errcode: 65401, rid });
    expect(refusalOf(`{"kf_list":[]}`)).toEqual({ errcode: 0, rid: "" });
    expect(refusalOf("<html>")).toEqual({ errcode: 0, rid: "" });
  });

  it("knows a JSON object", () => {
    expect([`{"a":1}`, "[]", "null", "{", `"x"`].map(isObject)).toEqual([true, false, false, false, false]);
  });
});
