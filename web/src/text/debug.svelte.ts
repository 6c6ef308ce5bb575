/** The language of the debugging page: the shared texts and its own. */
import { enDebug } from "./debug.en";
import { zhDebug } from "./debug.zh";
import { en } from "./en";
import { language as shared, type Code, type Shape, type Text } from "./language.svelte";
import { zh } from "./zh";

export type DebugText = Shape<typeof zhDebug>;

const CATALOGUES: Record<Code, Text & DebugText> = { zh: { ...zh, ...zhDebug }, en: { ...en, ...enDebug } };

export const language = {
  get text() {
    return CATALOGUES[shared.code];
  },
  /** What the description says in two languages. */
  said: (both: Record<Code, string>) => both[shared.code],
  explain: (cause: unknown) => shared.explain(cause),
};
