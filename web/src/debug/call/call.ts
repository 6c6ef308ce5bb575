/** One call as it is filled in, and its outcome. */
import type { Operation, Parameter } from "../api_description";

export interface Filled {
  token: string;
  query: Record<string, string>;
  /** The text of the JSON body. */
  text: string;
  form: Record<string, string>;
  files: Record<string, File>;
}

export interface Outcome {
  status: number;
  ms: number;
  /** The body as text; null for a file. */
  text: string | null;
  file: { name: string; size: number; url: string; picture: boolean } | null;
  /** Weixin's error code; 0 when the answer has none. */
  errcode: number;
  rid: string;
}

const RID = / rid: ([0-9a-f]{8}(?:-[0-9a-f]{8}){2})$/;
const PICTURE_MAX = 10 * 1024 * 1024;

/** The initial values of the fields: the documented examples, and the account in view. */
export function blank(operation: Operation, appid: string): Omit<Filled, "token"> {
  const value = (one: Parameter) => (one.name === "appid" && appid ? appid : one.example);
  const initial = (one: Parameter) => (typeof value(one) === "string" ? (value(one) as string) : text(value(one)));
  const text = (it: unknown) => (it === undefined ? "" : JSON.stringify(it));
  const query = Object.fromEntries(operation.query.map((one) => [one.name, one.required ? initial(one) : ""]));
  const members = operation.body?.members.filter((one) => !one.file) ?? [];
  const form = Object.fromEntries(members.map((one) => [one.name, one.required ? initial(one) : ""]));
  const needed = members.filter((one) => one.required || members.every((other) => !other.required));
  const object = Object.fromEntries(needed.map((one) => [one.name, value(one) ?? null]));
  return {
    query,
    form,
    files: {},
    text: operation.body && !operation.body.form ? JSON.stringify(object, null, 2) : "",
  };
}

/** The query parameters, the token first; empty ones are left out. */
export function pairs(operation: Operation, filled: Filled): [string, string][] {
  const token: [string, string][] = operation.asksToken && filled.token ? [["access_token", filled.token]] : [];
  return [...token, ...Object.entries(filled.query).filter(([, value]) => value !== "")];
}

export function address(operation: Operation, filled: Filled): string {
  const query = new URLSearchParams(pairs(operation, filled)).toString();
  return query ? `${operation.path}?${query}` : operation.path;
}

/** Whether the text is one JSON object, which every endpoint requires. */
export function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

export async function send(operation: Operation, filled: Filled): Promise<Outcome> {
  const init: RequestInit = { method: operation.method, cache: "no-store", credentials: "omit" };
  if (operation.body?.form) init.body = formOf(filled);
  else if (operation.body) {
    init.headers = { "Content-Type": "application/json" };
    init.body = filled.text;
  }
  const begun = performance.now();
  const answer = await fetch(address(operation, filled), init);
  const blob = await answer.blob();
  const ms = performance.now() - begun;
  const { status } = answer;
  if (!blob.type.startsWith("application/json")) {
    return { status, ms, text: null, file: await fileOf(answer, blob), errcode: 0, rid: "" };
  }
  const text = await blob.text();
  return { status, ms, text, file: null, ...refusalOf(text) };
}

function formOf(filled: Filled): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(filled.form)) if (value !== "") form.append(name, value);
  for (const [name, file] of Object.entries(filled.files)) form.append(name, file);
  return form;
}

export function refusalOf(text: string): { errcode: number; rid: string } {
  try {
    const { errcode = 0, errmsg = "" } = JSON.parse(text) as { errcode?: number; errmsg?: string };
    return { errcode, rid: RID.exec(errmsg)?.[1] ?? "" };
  } catch {
    return { errcode: 0, rid: "" };
  }
}

async function fileOf(answer: Response, blob: Blob): Promise<Outcome["file"]> {
  const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "file";
  const picture = blob.type.startsWith("image/") && blob.size <= PICTURE_MAX;
  return { name, size: blob.size, picture, url: await dataUrl(blob) };
}

/** The content security policy allows pictures only from the server and from `data:` addresses. */
function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("unreadable"));
    reader.readAsDataURL(blob);
  });
}
