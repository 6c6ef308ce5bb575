/** The texts of the workbench in the chosen language: the shared texts and its own. */
import { enDesk, en } from "./en";
import { language as shared, type LanguageCode, type SameKeys, type Text } from "./language.svelte";
import { zh, zhDesk } from "./zh";

export type WorkbenchText = SameKeys<typeof zhDesk>;

const CATALOGUES: Record<LanguageCode, Text & WorkbenchText> = { zh: { ...zh, ...zhDesk }, en: { ...en, ...enDesk } };

shared.workbenchErrors = { zh: zhDesk.deskErrors, en: enDesk.deskErrors };

export const language = {
  get text() {
    return CATALOGUES[shared.code];
  },
  explain: (cause: unknown) => shared.explain(cause),
};
