/** The endpoints as /openapi.json describes them, in the shape in which the page shows them. */

export interface Said {
  en: string;
  zh: string;
}

export interface Parameter {
  name: string;
  kind: string;
  required: boolean;
  /** It is uploaded. */
  file: boolean;
  said: Said;
  pattern: string;
  example: unknown;
}

export interface Body {
  form: boolean;
  members: Parameter[];
}

/** One address and method of an endpoint. */
export interface Operation {
  id: string;
  method: string;
  path: string;
  deprecated: boolean;
  /** Its method is not the one of Weixin's page. */
  beyond: boolean;
  asksToken: boolean;
  query: Parameter[];
  body: Body | null;
}

export interface Quota {
  daily: number;
  per_minute: number;
}

/** A kind of account that may call, and whether it must be certified. */
export interface Caller {
  kind: string;
  certified: boolean;
}

export interface Endpoint {
  name: string;
  /** Its place in the server's table. */
  order: number;
  group: string;
  meaning: Said;
  page: string;
  differs: string;
  callers: Caller[];
  /** Which third-party platforms may call: "none", those with one of the "sets", "any", those with a "secret". */
  platforms: string;
  sets: number[];
  /** The cloud call of its page, which is not served here. */
  cloud: string | null;
  rules: Said[];
  codes: number[];
  bodyMax: number | null;
  quota: Quota | null;
  /** The documented one first. */
  operations: Operation[];
}

export interface Code {
  errmsg: string;
  means: Said;
  mend: Said;
}

export interface Api {
  endpoints: Endpoint[];
  codes: Record<string, Code>;
}

type Json = Record<string, any>;

/** More rows than the table of endpoints will have. */
const TABLE_MAX = 1000;
const METHODS = ["get", "post"];

export function read(document: Json): Api {
  const endpoints = new Map<string, Endpoint>();
  for (const [path, methods] of Object.entries<Json>(document.paths)) {
    for (const method of METHODS.filter((method) => method in methods)) {
      const said: Json = methods[method];
      const name: string = said["x-kefu"].name;
      const known = endpoints.get(name) ?? endpoint(said);
      endpoints.set(name, known);
      known.operations.push(operation(document, path, method, said));
    }
  }
  const tags: string[] = document.tags.map((tag: Json) => tag.name);
  const order = (one: Endpoint) => tags.indexOf(one.group) * TABLE_MAX + one.order;
  for (const one of endpoints.values()) one.operations.sort((a, b) => rank(one, a) - rank(one, b));
  return { endpoints: [...endpoints.values()].sort((a, b) => order(a) - order(b)), codes: document["x-errcodes"] };
}

const rank = (one: Endpoint, it: Operation) => (it.id === one.name ? 0 : it.deprecated ? 2 : 1);

function endpoint(said: Json): Endpoint {
  const { name, order, meaning, callers, platforms, sets, rules, codes, differs, body_max, quota } = said["x-kefu"];
  const cloud: string | null = said["x-kefu"].cloud ?? null;
  const page: string = said.externalDocs.url;
  const group: string = said.tags[0];
  const limits = { bodyMax: body_max ?? null, quota: quota ?? null };
  const who = { callers, platforms, sets, cloud, rules };
  return { name, order, group, meaning, page, differs, ...who, codes, ...limits, operations: [] };
}

function operation(document: Json, path: string, method: string, said: Json): Operation {
  return {
    id: said.operationId,
    method: method.toUpperCase(),
    path,
    deprecated: said.deprecated ?? false,
    beyond: said["x-beyond-page"] ?? false,
    asksToken: said.security.length > 0,
    query: said.parameters.map((it: Json) => ({
      ...parameter(document, it.name, it.schema, it.required),
      said: { en: it.description ?? "", zh: it["x-zh"] ?? it.description ?? "" },
    })),
    body: said.requestBody ? body(document, said.requestBody.content) : null,
  };
}

function body(document: Json, content: Json): Body {
  const form = "multipart/form-data" in content;
  const { schema } = content[form ? "multipart/form-data" : "application/json"];
  const required: string[] = schema.required ?? [];
  const named = Object.entries<Json>(schema.properties ?? {});
  const members = named.map(([name, it]) => parameter(document, name, it, required.includes(name)));
  return { form, members: members.sort((a, b) => Number(b.required) - Number(a.required)) };
}

function parameter(document: Json, name: string, given: Json, required: boolean): Parameter {
  const schema = followed(document, given);
  const en: string = given.description ?? schema.description ?? "";
  return {
    name,
    kind: kindOf(schema),
    required,
    file: schema.format === "binary" || schema.contentMediaType !== undefined,
    said: { en, zh: given["x-zh"] ?? en },
    pattern: schema.pattern ?? "",
    example: given.examples?.[0] ?? schema.examples?.[0],
  };
}

/** A schema behind a reference, also where it may be null. */
function followed(document: Json, schema: Json): Json {
  const choice: Json | undefined = schema.anyOf?.find((one: Json) => one.$ref);
  const path: string | undefined = schema.$ref ?? choice?.$ref;
  if (!path) return schema;
  return path.slice(2).split("/").reduce<Json>((at, step) => at[step], document);
}

function kindOf(schema: Json): string {
  const kinds: string[] = [schema.type ?? "object"].flat();
  return kinds.filter((kind) => kind !== "null").join(" / ");
}
