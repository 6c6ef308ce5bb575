/** A session of an account as one string, the key of what the page remembers about it. */

export const sessionKey = (appid: string, session: number): string => `${appid}:${session}`;

export function parseSessionKey(key: string): { appid: string; session: number } {
  const at = key.lastIndexOf(":");
  return { appid: key.slice(0, at), session: Number(key.slice(at + 1)) };
}
