import type { DebugText } from "./debug.svelte";

export const enDebug: DebugText = {
  debug: "API debugging",
  toDesk: "Workbench",

  gate: {
    title: "Log in first",
    text: "This page is for workers who are logged in. Log in at the workbench, then come back.",
    go: "Go to the login",
  },

  account: {
    label: "Account",
    none: "You administer no account yet",
    noneText: (worker) =>
      `You can read about the endpoints, and paste an access_token you have. To get tokens here, ask your operator to run: kefu account admin --appid … --worker ${worker}`,
  },

  token: {
    label: "access_token",
    fill: "Get a token",
    busy: "Getting one…",
    until: (time) => `Valid until ${time}. It ends no token that programs use.`,
    hint: "Filled in by “Get a token”, or pasted",
  },

  list: {
    label: "Endpoints",
    filter: "Filter the endpoints",
    none: "No endpoint matches",
    count: (n) => `${n} endpoint${n === 1 ? "" : "s"}`,
    chooseTitle: "Choose an endpoint",
    chooseText: "The list holds them all: what they are for, parameters, limits and error codes. You can call each from here.",
    back: "Back to the endpoints",
  },

  groups: {
    token: "Credentials",
    kfaccount: "Agents",
    kfsession: "Sessions",
    msgrecord: "Records",
    message: "Messages",
    media: "Media",
    quota: "Quotas and request ids",
    business: "Sub-merchants",
    work: "WeCom",
    component: "Third-party platforms",
  },

  callers: {
    secret: "accounts, with appid and secret",
    subscription: "subscription accounts",
    service: "service accounts",
    "mini-program": "mini programs",
    "mini-game": "mini games",
  },

  platforms: {
    none: () => "none",
    secret: () => "with their own secret, no token",
    sets: (sets) => `with an account's authorizer_access_token, and one of the permission sets ${sets}`,
    any: () => "all: with an account's authorizer_access_token, whatever it has granted, or with their own component_access_token",
  },

  panel: {
    page: "Weixin's page",
    address: "Address",
    deprecated: "(other spelling)",
    beyond: "(beyond Weixin's page)",
    noParameters: "Nothing beside access_token",
    nothing: "Nothing",
    query: "Query",
    body: "JSON body",
    form: "Form",
    required: "required",
    optional: "optional",
    notJson: "This is not one JSON object. It can be sent all the same.",
    reset: "Back to the example",
    send: "Send",
    sending: "Sending…",
    facts: "Who may call, and how often",
    callers: "Callers",
    noCallers: "no account",
    certified: (kind) => `${kind} (certified)`,
    platforms: "Third-party platforms",
    cloud: "Cloud calls",
    no: "not supported",
    notServed: (name) => `${name} on Weixin's page; not served here: a call needs its token`,
    rules: "Before you call",
    limits: "Limits",
    bodyMax: (kib) => `body up to ${kib} KiB`,
    daily: (n) => `${n} calls a day`,
    minute: (n) => `${n} calls a minute`,
    noLimits: "not counted",
    differs: "Against Weixin's page",
    codes: "Error codes",
    code: "Code",
    means: "Meaning",
    mend: "What to do",
  },

  result: {
    title: "Answer",
    none: "What is answered will stand here",
    status: "HTTP status",
    time: "Time",
    ms: (n) => `${n} ms`,
    noRid: "named in refusals only",
    ok: "it worked",
    pretty: "Formatted",
    raw: "As received",
    bytes: (n) => `A file of ${n} bytes`,
    save: "Save the file",
    failed: "There was no answer: ",
  },

  samples: {
    title: "The same call",
    copy: "Copy",
    copied: "Copied",
    of: (language) => `Copy the ${language} code`,
    token: "The code holds your token: do not pass it on",
  },
};
