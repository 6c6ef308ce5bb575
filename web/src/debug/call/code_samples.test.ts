import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { Operation, Parameter } from "../api_description";
import type { Filled } from "./call";
import { sample } from "./code_samples";

const parameter = (name: string, file = false): Parameter => ({
  name,
  file,
  kind: "string",
  required: true,
  meaning: { en: "", zh: "" },
  pattern: "",
  example: undefined,
});
const operation = (more: Partial<Operation>): Operation => ({
  id: "x",
  method: "POST",
  path: "/a/b",
  deprecated: false,
  isUndocumented: false,
  asksToken: true,
  query: [],
  body: null,
  ...more,
});
const filled = (more: Partial<Filled>): Filled => ({
  token: "50_t",
  query: {},
  text: "",
  form: {},
  files: {},
  ...more,
});
const ORIGIN = "http://127.0.0.1:8080";

/** The words a shell makes of a command, as the program gets them. */
function words(command: string): string[] {
  const script = `curl() { printf '%s\\0' "$@"; }\n${command}`;
  return execFileSync("bash", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
}

describe("a sample says the call that the page makes", () => {
  const text = `{"nickname":"it's “客服” \\"1\\" $HOME \`x\`"}`;
  const posted = operation({ body: { form: false, members: [parameter("nickname")] } });

  it("to curl, whatever the text is", () => {
    const meaning = words(sample("curl", ORIGIN, posted, filled({ text })));
    expect(meaning).toEqual([
      `${ORIGIN}/a/b?access_token=50_t`,
      "-H",
      "Content-Type: application/json",
      "--data-raw",
      text,
    ]);
  });

  it("to Python", () => {
    const code = sample("Python", ORIGIN, posted, filled({ text, query: { openid: "o1" } }));
    expect(code).toContain(`requests.post(\n    "${ORIGIN}/a/b",`);
    expect(code).toContain(`"access_token": "50_t",\n        "openid": "o1",`);
    const tried = [
      "import ast,json,sys",
      "tree=ast.parse(sys.stdin.read())",
      "texts=[n.value for n in ast.walk(tree) if isinstance(n,ast.Constant) and str(n.value).startswith('{')]",
      "print(texts[0],end='')",
    ].join("\n");
    expect(
      execFileSync("python3", ["-c", tried], {
        input: code,
        encoding: "utf8",
        env: { ...process.env, PYTHONIOENCODING: "utf-8" },
      }),
    ).toBe(text);
  });

  it("to Node", async () => {
    const calls: unknown[][] = [];
    const answer = { text: async () => "" };
    const code = sample("Node", ORIGIN, posted, filled({ text }));
    const run = new Function("fetch", "console", `return (async () => {${code}})()`);
    await run(async (...call: unknown[]) => (calls.push(call), answer), { log: () => {} });
    expect(calls).toEqual([
      [
        `${ORIGIN}/a/b?access_token=50_t`,
        { method: "POST", headers: { "Content-Type": "application/json" }, body: text },
      ],
    ]);
  });

  it("with a question's parameters in the address", () => {
    const asked = operation({ method: "GET", query: [parameter("kf_account")] });
    expect(words(sample("curl", ORIGIN, asked, filled({ query: { kf_account: "a@b" } })))).toEqual([
      `${ORIGIN}/a/b?access_token=50_t&kf_account=a%40b`,
    ]);
  });

  it("with files in a form", () => {
    const upload = operation({ body: { form: true, members: [parameter("media", true), parameter("note")] } });
    const given = filled({ form: { note: "@x" }, files: { media: new File(["1"], "face's.png") } });
    const meaning = words(sample("curl", ORIGIN, upload, given));
    expect(meaning.slice(1)).toEqual(["--form-string", "note=@x", "-F", "media=@face's.png"]);
    expect(sample("Python", ORIGIN, upload, given)).toContain(`files={"media": open("face's.png", "rb")},`);
    expect(sample("Node", ORIGIN, upload, given)).toContain(
      `body.append("media", await openAsBlob("face's.png"), "face's.png");`,
    );
  });

  it("with a placeholder where there is no token yet", () => {
    expect(sample("curl", ORIGIN, operation({}), filled({ token: "" }))).toContain("access_token=ACCESS_TOKEN");
  });
});
