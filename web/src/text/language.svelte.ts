/** The language of the page: the stored choice, else the browser's. */
import { Refused } from "../api";
import { en } from "./en";
import { zh } from "./zh";

/** The same keys as another catalogue, whose texts may differ. */
export type SameKeys<T> = {
  [K in keyof T]: T[K] extends (...values: infer V) => string
    ? (...values: V) => string
    : T[K] extends string
      ? string
      : SameKeys<T[K]>;
};

/** The texts of one language. The type check fails where a key is missing in one of them. */
export type Text = SameKeys<typeof zh>;
export type LanguageCode = "zh" | "en";

const CATALOGUES: Record<LanguageCode, Text> = { zh, en };
const KEY = "kefu.language";

function initialCode(): LanguageCode {
  const saved = readStored();
  if (saved === "zh" || saved === "en") return saved;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

function readStored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

class Language {
  code: LanguageCode = $state(initialCode());
  text: Text = $derived(CATALOGUES[this.code]);
  /** The texts of errors that only the workbench shows. */
  workbenchErrors: Partial<Record<LanguageCode, Record<number, string>>> = {};

  toggle(): void {
    this.code = this.code === "zh" ? "en" : "zh";
    try {
      localStorage.setItem(KEY, this.code);
    } catch {
      // The choice lasts as long as the page.
    }
  }

  /** The text that explains why a call failed. */
  explain(cause: unknown): string {
    return cause instanceof Refused
      ? this.errorText(cause.errcode, cause.message)
      : this.text.unknownError(String(cause));
  }

  errorText(errcode: number, message = ""): string {
    const known: Record<number, string> = { ...this.text.errors, ...this.workbenchErrors[this.code] };
    return known[errcode] ?? this.text.unknownError(message);
  }
}

export const language = new Language();
