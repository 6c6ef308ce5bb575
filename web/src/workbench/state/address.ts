/** What is looked at, as the address says it: a reload comes back to it, and Back leads to what was before. */

export interface Place {
  appid: string;
  session: number | null;
}

export function placeOf(hash: string): Place {
  const said = new URLSearchParams(hash.slice(1));
  const session = Number(said.get("session"));
  return { appid: said.get("account") ?? "", session: Number.isSafeInteger(session) && session > 0 ? session : null };
}

/** Where whoever came for the debugging page goes after the log-in: to that page, whatever the address says. */
export function wayBack(hash: string): string | null {
  const endpoint = new URLSearchParams(hash.slice(1)).get("debug");
  if (endpoint === null) return null;
  return /^\w{1,64}$/.test(endpoint) ? `/debug#${endpoint}` : "/debug";
}

export function hashOf({ appid, session }: Place): string {
  const said = new URLSearchParams({ account: appid });
  if (session !== null) said.set("session", String(session));
  return `#${said}`;
}
