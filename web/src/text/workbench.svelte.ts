/** The language of the workbench: the shared texts and its own. */
import { enDesk, en } from "./en";
import { language as shared, type Code, type Shape, type Text } from "./language.svelte";
import { zh, zhDesk } from "./zh";

export type WorkbenchText = Shape<typeof zhDesk>;

const CATALOGUES: Record<Code, Text & WorkbenchText> = { zh: { ...zh, ...zhDesk }, en: { ...en, ...enDesk } };

shared.more = { zh: zhDesk.deskErrors, en: enDesk.deskErrors };

export const language = {
  get text() {
    return CATALOGUES[shared.code];
  },
  explain: (cause: unknown) => shared.explain(cause),
};
