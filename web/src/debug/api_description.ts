/** Reads /openapi.json into the types that the debugging page shows. */

export interface Bilingual {
  en: string;
  zh: string;
}

export interface Parameter {
  name: string;
  kind: string;
  required: boolean;
  /** Whether its value is an uploaded file. */
  file: boolean;
  meaning: Bilingual;
  pattern: string;
  example: unknown;
}

export interface RequestBody {
  form: boolean;
  members: Parameter[];
}

/** One path and method of an endpoint. */
export interface Operation {
  id: string;
  method: string;
  path: string;
  deprecated: boolean;
  /** Whether the method is missing on Weixin's page. */
  isUndocumented: boolean;
  asksToken: boolean;
  query: Parameter[];
  body: RequestBody | null;
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
  /** Its position in the server's table of endpoints. */
  order: number;
  group: string;
  meaning: Bilingual;
  page: string;
  differs: string;
  callers: Caller[];
  /** Which third-party platforms may call: "none", "any", those with one of the `sets`, or with their own "secret". */
  platforms: string;
  sets: number[];
  /** The name of the cloud call on Weixin's page; Kefu does not serve it. */
  cloud: string | null;
  rules: Bilingual[];
  codes: number[];
  bodyMax: number | null;
  quota: Quota | null;
  /** The operation that Weixin documents comes first. */
  operations: Operation[];
}

export interface ErrorCode {
  errmsg: string;
  means: Bilingual;
  mend: Bilingual;
}

export interface ApiDescription {
  endpoints: Endpoint[];
  codes: Record<string, ErrorCode>;
}

type Json = Record<string, any>;

/** Greater than any `order`, so that groups sort first. */
const TABLE_MAX = 1000;
const METHODS = ["get", "post"];

/** Reads the description of the API. */
export function parseDescription(document: Json): ApiDescription {
  const endpoints = new Map<string, Endpoint>();
  for (const [path, methods] of Object.entries<Json>(document.paths)) {
    for (const method of METHODS.filter((method) => method in methods)) {
      const described: Json = methods[method];
      const name: string = described["x-kefu"].name;
      const known = endpoints.get(name) ?? endpoint(described);
      endpoints.set(name, known);
      known.operations.push(operation(document, path, method, described));
    }
  }
  const tags: string[] = document.tags.map((tag: Json) => tag.name);
  const order = (one: Endpoint) => tags.indexOf(one.group) * TABLE_MAX + one.order;
  for (const one of endpoints.values()) one.operations.sort((a, b) => rank(one, a) - rank(one, b));
  return { endpoints: [...endpoints.values()].sort((a, b) => order(a) - order(b)), codes: document["x-errcodes"] };
}

const rank = (one: Endpoint, it: Operation) => (it.id === one.name ? 0 : it.deprecated ? 2 : 1);

function endpoint(described: Json): Endpoint {
  const { name, order, meaning, callers, platforms, sets, rules, codes, differs, body_max, quota } =
    described["x-kefu"];
  const cloud: string | null = described["x-kefu"].cloud ?? null;
  const page: string = described.externalDocs.url;
  const group: string = described.tags[0];
  const limits = { bodyMax: body_max ?? null, quota: quota ?? null };
  const who = { callers, platforms, sets, cloud, rules };
  return { name, order, group, meaning, page, differs, ...who, codes, ...limits, operations: [] };
}

function operation(document: Json, path: string, method: string, described: Json): Operation {
  return {
    id: described.operationId,
    method: method.toUpperCase(),
    path,
    deprecated: described.deprecated ?? false,
    isUndocumented: described["x-beyond-page"] ?? false,
    asksToken: described.security.length > 0,
    query: described.parameters.map((it: Json) => ({
      ...parameter(document, it.name, it.schema, it.required),
      meaning: { en: it.description ?? "", zh: it["x-zh"] ?? it.description ?? "" },
    })),
    body: described.requestBody ? body(document, described.requestBody.content) : null,
  };
}

function body(document: Json, content: Json): RequestBody {
  const form = "multipart/form-data" in content;
  const { schema } = content[form ? "multipart/form-data" : "application/json"];
  const required: string[] = schema.required ?? [];
  const named = Object.entries<Json>(schema.properties ?? {});
  const members = named.map(([name, it]) => parameter(document, name, it, required.includes(name)));
  return { form, members: members.sort((a, b) => Number(b.required) - Number(a.required)) };
}

function parameter(document: Json, name: string, given: Json, required: boolean): Parameter {
  const schema = resolve(document, given);
  const en: string = given.description ?? schema.description ?? "";
  return {
    name,
    kind: kindOf(schema),
    required,
    file: schema.format === "binary" || schema.contentMediaType !== undefined,
    meaning: { en, zh: given["x-zh"] ?? en },
    pattern: schema.pattern ?? "",
    example: given.examples?.[0] ?? schema.examples?.[0],
  };
}

/** The schema that a reference names, also where the value may be null. */
function resolve(document: Json, schema: Json): Json {
  const choice: Json | undefined = schema.anyOf?.find((one: Json) => one.$ref);
  const path: string | undefined = schema.$ref ?? choice?.$ref;
  if (!path) return schema;
  return path
    .slice(2)
    .split("/")
    .reduce<Json>((at, step) => at[step], document);
}

function kindOf(schema: Json): string {
  const kinds: string[] = [schema.type ?? "object"].flat();
  return kinds.filter((kind) => kind !== "null").join(" / ");
}
