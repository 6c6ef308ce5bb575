/** Merges the drafts of the server with those of this browser. All functions are pure. */
import type { SavedDraft } from "../../wire";
import { sessionKey } from "./session_key";

export interface Draft {
  /** "" where the server has to delete its draft. */
  text: string;
  /** When it was typed, by this browser's clock, or saved, by the server's. */
  at: number;
  openid: string;
  /** The time of the server's draft that it continues; 0 where there was none. */
  base: number;
  /** Whether the server does not have it yet. */
  pending: boolean;
}

/** Drafts by account and session. */
export type DraftMap = Record<string, Draft>;

export function fromServer(appid: string, drafts: SavedDraft[]): DraftMap {
  const saved = ({ text, openid, at }: SavedDraft): Draft => ({ text, at, openid, base: at, pending: false });
  return Object.fromEntries(drafts.map((one) => [sessionKey(appid, one.session), saved(one)]));
}

/**
 * `changedSince` says which local drafts have changed, here or in another tab, after the server was asked: its answer
 * is out of date for them.
 */
export function mergeDrafts(local: DraftMap, server: DraftMap, changedSince: (key: string) => boolean): DraftMap {
  const merged: DraftMap = {};
  for (const key of new Set([...Object.keys(local), ...Object.keys(server)])) {
    const one = changedSince(key) ? local[key] : choose(local[key], server[key]);
    if (one) merged[key] = one;
  }
  return merged;
}

/** The server's draft, unless the local one is pending and either continues the server's or is newer. */
function choose(local: Draft | undefined, server: Draft | undefined): Draft | undefined {
  if (!local?.pending || local.text === (server?.text ?? "")) return server;
  // The draft was sent or deleted elsewhere while more was typed here: what was typed is not lost.
  if (!server) return local;
  return server.at === local.base || local.at >= server.at ? local : server;
}
