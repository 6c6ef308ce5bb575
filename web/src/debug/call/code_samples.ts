/** Code that makes the call: curl, Python and Node. */
import type { Operation } from "../api_description";
import { pairs, type Filled } from "./call";

export const LANGUAGES = ["curl", "Python", "Node"] as const;
export type SampleLanguage = (typeof LANGUAGES)[number];

const PLACEHOLDER = "ACCESS_TOKEN";

/** A JSON string is also a string literal of Python and JavaScript. */
const quoted = (text: string) => JSON.stringify(text);
const inShell = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

export function sample(language: SampleLanguage, origin: string, operation: Operation, given: Filled): string {
  const filled = { ...given, token: given.token || PLACEHOLDER };
  const make = { curl, Python: python, Node: node }[language];
  return make(`${origin}${operation.path}`, operation, filled);
}

/** The name of each part of a form, with its text or file name. */
function parts(operation: Operation, filled: Filled) {
  const texts = Object.entries(filled.form).filter(([, value]) => value !== "");
  const members = operation.body?.members.filter((one) => one.file) ?? [];
  const files = members.map((one): [string, string] => [one.name, filled.files[one.name]?.name ?? "file.jpg"]);
  return { texts, files };
}

function curl(url: string, operation: Operation, filled: Filled): string {
  const query = new URLSearchParams(pairs(operation, filled)).toString();
  const lines = [`curl ${inShell(query ? `${url}?${query}` : url)}`];
  if (operation.body?.form) {
    const { texts, files } = parts(operation, filled);
    lines.push(...texts.map(([name, value]) => `--form-string ${inShell(`${name}=${value}`)}`));
    lines.push(...files.map(([name, file]) => `-F ${inShell(`${name}=@${file}`)}`));
  } else if (operation.body) {
    lines.push(`-H 'Content-Type: application/json'`, `--data-raw ${inShell(filled.text)}`);
  } else if (operation.method === "POST") lines.push("-X POST");
  return lines.join(" \\\n  ");
}

function python(url: string, operation: Operation, filled: Filled): string {
  const given = pairs(operation, filled).map(([name, value]) => `        ${quoted(name)}: ${quoted(value)},\n`);
  const lines = [`    ${quoted(url)},`];
  if (given.length > 0) lines.push(`    params={\n${given.join("")}    },`);
  if (operation.body?.form) {
    const { texts, files } = parts(operation, filled);
    if (texts.length > 0)
      lines.push(`    data={${texts.map(([name, value]) => `${quoted(name)}: ${quoted(value)}`).join(", ")}},`);
    lines.push(
      `    files={${files.map(([name, file]) => `${quoted(name)}: open(${quoted(file)}, "rb")`).join(", ")}},`,
    );
  } else if (operation.body) {
    lines.push(`    data=${quoted(filled.text)}.encode(),`, `    headers={"Content-Type": "application/json"},`);
  }
  const call = `requests.${operation.method.toLowerCase()}(\n${lines.join("\n")}\n    timeout=10,\n)`;
  return `import requests\n\nanswer = ${call}\nprint(answer.text)`;
}

function node(url: string, operation: Operation, filled: Filled): string {
  const given = pairs(operation, filled).map(([name, value]) => `  ${quoted(name)}: ${quoted(value)},\n`);
  const lines: string[] = [];
  let address = quoted(url);
  if (given.length > 0) {
    lines.push(`const query = new URLSearchParams({\n${given.join("")}});`);
    address = `\`${url}?\${query}\``;
  }
  const options = [`method: ${quoted(operation.method)}`];
  if (operation.body?.form) {
    const { texts, files } = parts(operation, filled);
    lines.unshift(`import { openAsBlob } from "node:fs";\n`);
    lines.push("const body = new FormData();");
    lines.push(...texts.map(([name, value]) => `body.append(${quoted(name)}, ${quoted(value)});`));
    lines.push(
      ...files.map(
        ([name, file]) => `body.append(${quoted(name)}, await openAsBlob(${quoted(file)}), ${quoted(file)});`,
      ),
    );
    options.push("body");
  } else if (operation.body) {
    options.push(`headers: { "Content-Type": "application/json" }`, `body: ${quoted(filled.text)}`);
  }
  lines.push(`const answer = await fetch(${address}, {\n${options.map((one) => `  ${one},\n`).join("")}});`);
  lines.push("console.log(await answer.text());");
  return lines.join("\n");
}
