/** How customers and what they wrote last are called. */
import type { DeskText } from "../../text/workbench.svelte";
import type { Text } from "../../text/language.svelte";

/** Nothing but the end of the openid is known. */
export const tailOf = (openid: string): string => openid.slice(-4);

export const nameOf = (text: DeskText, openid: string): string => text.customer(tailOf(openid));

/** The last message in a list. The server names what is no text by its kind, `[image]`. */
export function previewOf(text: Text, preview: string): string {
  const kinds: Record<string, string> = text.content;
  return preview.replace(/^\[(\w+)\]/, (all, kind: string) => (kinds[kind] ? `[${kinds[kind]}]` : all));
}
