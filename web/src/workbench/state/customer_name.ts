/** How the workbench names customers, and shows the last message of a session. */
import type { Text } from "../../text/language.svelte";
import type { WorkbenchText } from "../../text/workbench.svelte";

/** The end of the openid: nothing else is known of a customer. */
export const openidTail = (openid: string): string => openid.slice(-4);

export const customerName = (text: WorkbenchText, openid: string): string => text.customer(openidTail(openid));

/** The last message of a session. Of one that is no text the server sends the kind, such as `[image]`. */
export function previewText(text: Text, preview: string): string {
  const kinds: Record<string, string> = text.content;
  return preview.replace(/^\[(\w+)\]/, (all, kind: string) => (kinds[kind] ? `[${kinds[kind]}]` : all));
}
