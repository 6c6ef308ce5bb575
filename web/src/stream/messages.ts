/** Lists in the order of ids: of messages, and of what is shown with them. */
import type { Message } from "../wire";

/** Adds to a list in the order of ids. What is known is replaced, so adding twice is harmless. */
export function addById<T extends { id: number }>(list: T[], more: T[]): T[] {
  const last = list.at(-1)?.id ?? 0;
  if (more.length === 1 && more[0]!.id > last) return [...list, more[0]!];
  const byId = new Map([...list, ...more].map((one) => [one.id, one]));
  return [...byId.values()].sort((a, b) => a.id - b.id);
}

/** The messages of a new snapshot, after those already loaded unless some are missing between the two. */
export function joinSnapshot(before: Message[], now: Message[]): Message[] {
  const overlaps = now.length > 0 && before.some((message) => message.id === now[0]!.id);
  return overlaps ? addById(before, now) : now;
}

/** A page of messages, joined with those already loaded; older ones are dropped if some between are missing. */
export function joinHistory(page: Message[], known: Message[], complete: boolean): Message[] {
  const [first, last] = [page[0]?.id ?? 0, page.at(-1)?.id ?? 0];
  const hasGap = !complete && known.some((one) => one.id < first) && !known.some((one) => one.id === first);
  return hasGap ? [...page, ...known.filter((one) => one.id > last)] : addById(known, page);
}
