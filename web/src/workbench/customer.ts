/** How a customer is called: nothing but the end of the openid is known. */
import type { DeskText } from "../text/desk.svelte";

export const tailOf = (openid: string): string => openid.slice(-4);

export const nameOf = (text: DeskText, openid: string): string => text.customer(tailOf(openid));
