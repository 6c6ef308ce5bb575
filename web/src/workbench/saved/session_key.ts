/** A session of an account, as the key of what is kept of it. */

export const keyOf = (appid: string, session: number): string => `${appid}:${session}`;

export function sessionOf(key: string): { appid: string; session: number } {
  const at = key.lastIndexOf(":");
  return { appid: key.slice(0, at), session: Number(key.slice(at + 1)) };
}
