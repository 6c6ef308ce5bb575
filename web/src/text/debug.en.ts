import type { DebugText } from "./debug.svelte";

export const enDebug: DebugText = {
  debug: "API debugging",
  toDesk: "Workbench",

  account: {
    label: "Account",
    none: "You do not administer an account yet",
    noneText: (worker) =>
      "You can read about the endpoints, and paste an access_token that you have. " +
      `To get tokens here, ask your operator to run: kefu account admin --appid … --worker ${worker}`,
  },

  callback: "Message push settings",

  token: {
    label: "access_token",
    fill: "Get a token",
    busy: "Getting a token…",
    until: (time) => `Valid until ${time}. Your programs’ tokens stay valid.`,
    hint: "“Get a token” fills it in, or paste one",
    loginEnded: "Your login has ended. Log in again in a new tab, then get the token here.",
    login: "Log in",
  },

  list: {
    label: "Endpoints",
    filter: "Filter endpoints",
    none: "No matching endpoints",
    count: (n) => `${n} endpoint${n === 1 ? "" : "s"}`,
    chooseTitle: "Choose an endpoint",
    chooseText: "Each comes with its parameters, limits and error codes, and can be called from here.",
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
    network: "Network",
    component: "Third-party platforms",
  },

  callers: {
    secret: "programs that hold the AppSecret",
    subscription: "subscription accounts",
    service: "service accounts",
    "mini-program": "mini programs",
    "mini-game": "mini games",
  },

  platforms: {
    none: () => "none",
    secret: () => "with their own secret, without a token",
    sets: (sets) => `with an account’s authorizer_access_token that grants one of the permission sets ${sets}`,
    any: () =>
      "all: with an account’s authorizer_access_token, whatever it grants, or with their own component_access_token",
  },

  panel: {
    page: "Weixin’s page",
    address: "Address",
    deprecated: "(old address)",
    undocumented: "(not on Weixin’s page)",
    noParameters: "No other parameters",
    nothing: "No parameters",
    query: "Query parameters",
    body: "JSON body",
    form: "Form",
    required: "required",
    optional: "optional",
    notJson: "This is not a JSON object. You can still send it.",
    reset: "Reset to example",
    send: "Send",
    sending: "Sending…",
    facts: "Who may call, and how often",
    callers: "Callers",
    noCallers: "none",
    certified: (kind) => `${kind} (certified)`,
    platforms: "Third-party platforms",
    cloud: "Cloud calls",
    no: "not supported",
    notServed: (name) => `${name} on Weixin’s page; not available here, as every call needs an access_token`,
    rules: "Before you call",
    limits: "Limits",
    bodyMax: (kib) => `body up to ${kib} KiB`,
    daily: (n) => `${n} calls a day`,
    minute: (n) => `${n} calls a minute`,
    noLimits: "unlimited",
    differs: "Differences from Weixin’s page",
    codes: "Error codes",
    code: "Code",
    means: "Meaning",
    mend: "What to do",
  },

  result: {
    title: "Response",
    none: "The response appears here",
    status: "HTTP status",
    time: "Time",
    ms: (n) => `${n} ms`,
    noRid: "in errors only",
    ok: "Success",
    pretty: "Formatted",
    raw: "Raw",
    bytes: (n) => `File, ${n} bytes`,
    save: "Save the file",
    failed: "No response. Check your network and try again",
  },

  samples: {
    title: "Code samples",
    copy: "Copy",
    copied: "Copied",
    of: (language) => `Copy the ${language} code`,
    token: "The code contains your token: do not share it",
  },

  pushes: "Message push",
};
