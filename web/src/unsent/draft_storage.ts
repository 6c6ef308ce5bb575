/** Drafts in the browser, by whose they are and what they are written in: what outlasts a page without a line. */

const KEPT_MAX = 200;
const KEPT_MS = 30 * 24 * 3_600_000;

type All<T> = Record<string, T>;

export const draftsOf = (owner: string): string => `kefu.drafts ${owner}`;

export function readDrafts<T extends { at: number }>(owner: string): All<T> {
  try {
    const stored = JSON.parse(localStorage.getItem(draftsOf(owner)) ?? "{}") as All<T>;
    const since = Date.now() - KEPT_MS;
    return Object.fromEntries(Object.entries(stored).filter(([, draft]) => draft.at > since));
  } catch {
    return {};
  }
}

/** Keeps the latest; without any nothing of their owner is left in the browser. */
export function keepDrafts<T extends { at: number }>(owner: string, all: All<T>): void {
  const latest = Object.entries(all).sort(([, a], [, b]) => a.at - b.at).slice(-KEPT_MAX);
  try {
    if (latest.length === 0) localStorage.removeItem(draftsOf(owner));
    else localStorage.setItem(draftsOf(owner), JSON.stringify(Object.fromEntries(latest)));
  } catch {
    // Storage may be full or forbidden; what is typed then lasts as long as the page.
  }
}
