/** How long a customer has waited for an answer, in words. */
import { span } from "../../parts/time/time.svelte";
import type { language } from "../../text/workbench.svelte";

const MINUTE_MS = 60_000;
type WorkbenchTexts = typeof language.text;

/** For a row: the minutes alone, once there are any. */
export const unansweredMark = (text: WorkbenchTexts, since: number, now: number): string =>
  now - since < MINUTE_MS ? text.ownSessions.unansweredNow : span(text, now - since);

/** In full. */
export const unansweredFor = (text: WorkbenchTexts, since: number, now: number): string =>
  now - since < MINUTE_MS ? text.ownSessions.unansweredNow : text.ownSessions.unanswered(span(text, now - since));
