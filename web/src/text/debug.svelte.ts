/** The texts of the debugging page in the chosen language: the shared texts and its own. */
import { enDebug } from "./debug.en";
import { zhDebug } from "./debug.zh";
import { en } from "./en";
import { language as shared, type LanguageCode, type SameKeys, type Text } from "./language.svelte";
import { zh } from "./zh";

export type DebugText = SameKeys<typeof zhDebug>;

const CATALOGUES: Record<LanguageCode, Text & DebugText> = { zh: { ...zh, ...zhDebug }, en: { ...en, ...enDebug } };

export const language = {
  get text() {
    return CATALOGUES[shared.code];
  },
  /** The text of the API description in the language of the page. */
  choose: (both: Record<LanguageCode, string>) => both[shared.code],
  explain: (cause: unknown) => shared.explain(cause),
};
