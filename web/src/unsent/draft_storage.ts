/** Drafts in `localStorage`, by owner and session. They survive a reload while there is no connection. */

const DRAFTS_MAX = 200;
const DRAFT_AGE_MAX_MS = 30 * 24 * 3_600_000;

type StoredDrafts<T> = Record<string, T>;

export const draftsKey = (owner: string): string => `kefu.drafts ${owner}`;

export function readDrafts<T extends { at: number }>(owner: string): StoredDrafts<T> {
  try {
    const stored = JSON.parse(localStorage.getItem(draftsKey(owner)) ?? "{}") as StoredDrafts<T>;
    const since = Date.now() - DRAFT_AGE_MAX_MS;
    return Object.fromEntries(Object.entries(stored).filter(([, draft]) => draft.at > since));
  } catch {
    return {};
  }
}

/** Stores the latest drafts of an owner; an owner without drafts leaves no entry behind. */
export function storeDrafts<T extends { at: number }>(owner: string, all: StoredDrafts<T>): void {
  const latest = Object.entries(all)
    .sort(([, a], [, b]) => a.at - b.at)
    .slice(-DRAFTS_MAX);
  try {
    if (latest.length === 0) localStorage.removeItem(draftsKey(owner));
    else localStorage.setItem(draftsKey(owner), JSON.stringify(Object.fromEntries(latest)));
  } catch {
    // Storage may be full or forbidden; the draft then lasts as long as the page.
  }
}
