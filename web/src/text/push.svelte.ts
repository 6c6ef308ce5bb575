/** The texts of the pushes in the chosen language: a catalogue of its own, which is loaded with them. */
import { language, type LanguageCode, type SameKeys } from "./language.svelte";
import { enPush } from "./push.en";
import { zhPush } from "./push.zh";

export type PushText = SameKeys<typeof zhPush>;

const CATALOGUES: Record<LanguageCode, PushText> = { zh: zhPush, en: enPush };

export const pushes = {
  get text() {
    return CATALOGUES[language.code];
  },
};
