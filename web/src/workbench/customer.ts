/** How a customer is called: nothing but the end of the openid is known. */
import type { Text } from "../text/language.svelte";

export const tailOf = (openid: string): string => openid.slice(-4);

export const nameOf = (text: Text, openid: string): string => text.customer(tailOf(openid));
