/** What becomes of drafts that the server has and that this browser has. All pure. */
import type { SavedDraft } from "../../wire";
import { keyOf } from "./session_key";

export interface Typed {
  /** "" where words are to be forgotten. */
  text: string;
  /** When it was typed, by this browser's clock, or kept, by the server's. */
  at: number;
  openid: string;
  /** The time of the server's draft that it goes on from; 0 where there was none. */
  base: number;
  /** Whether the server has still to be told. */
  pending: boolean;
}

/** By account and session. */
export type AllTyped = Record<string, Typed>;

export function fromServer(appid: string, drafts: SavedDraft[]): AllTyped {
  const taken = ({ text, openid, at }: SavedDraft): Typed => ({ text, at, openid, base: at, pending: false });
  return Object.fromEntries(drafts.map((one) => [keyOf(appid, one.session), taken(one)]));
}

/**
 * `isNewer` says which of ours have changed, here or in another tab, since the server was asked: what it answers of them
 * is old.
 */
export function merge(ours: AllTyped, theirs: AllTyped, isNewer: (key: string) => boolean): AllTyped {
  const merged: AllTyped = {};
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const [our, their] = [ours[key], theirs[key]];
    const one = isNewer(key) ? our : settled(our, their);
    if (one) merged[key] = one;
  }
  return merged;
}

/** The server's, unless ours has still to be told it and goes on from what it has, or is newer. */
function settled(our: Typed | undefined, their: Typed | undefined): Typed | undefined {
  if (!our?.pending || our.text === (their?.text ?? "")) return their;
  // Words that were sent or deleted elsewhere while more were typed here: what was typed is not lost.
  if (!their) return our;
  return their.at === our.base || our.at >= their.at ? our : their;
}
