/** The address of the page: it names the account and the session in view, so that reload and Back lead to them. */

export interface Address {
  appid: string;
  session: number | null;
}

export function parseAddress(hash: string): Address {
  const parameters = new URLSearchParams(hash.slice(1));
  const session = Number(parameters.get("session"));
  const isNumber = Number.isSafeInteger(session) && session > 0;
  return { appid: parameters.get("account") ?? "", session: isNumber ? session : null };
}

export function addressHash({ appid, session }: Address): string {
  const parameters = new URLSearchParams({ account: appid });
  if (session !== null) parameters.set("session", String(session));
  return `#${parameters}`;
}

/** Where the debugging page that led to the log-in is, or null. Whatever the hash says, it leads nowhere else. */
export function debugReturnPath(hash: string): string | null {
  const endpoint = new URLSearchParams(hash.slice(1)).get("debug");
  if (endpoint === null) return null;
  return /^\w{1,64}$/.test(endpoint) ? `/debug#${endpoint}` : "/debug";
}
