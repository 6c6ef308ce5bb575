/** The page's language: the saved choice, else the browser's. */
import { Refused } from "../api";
import { en } from "./en";
import { zh } from "./zh";

export type Shape<T> = {
  [K in keyof T]: T[K] extends (...values: infer V) => string
    ? (...values: V) => string
    : T[K] extends string
      ? string
      : Shape<T[K]>;
};

/** A catalogue: the same keys in every language, or the type check fails. */
export type Text = Shape<typeof zh>;
export type Code = "zh" | "en";

const CATALOGUES: Record<Code, Text> = { zh, en };
const KEY = "kefu.language";

function first(): Code {
  const saved = stored();
  if (saved === "zh" || saved === "en") return saved;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

class Language {
  code: Code = $state(first());
  text: Text = $derived(CATALOGUES[this.code]);
  /** What the workbench adds to `errors`. */
  more: Partial<Record<Code, Record<number, string>>> = {};

  toggle(): void {
    this.code = this.code === "zh" ? "en" : "zh";
    try {
      localStorage.setItem(KEY, this.code);
    } catch {
      // See above.
    }
  }

  /** What to tell the reader about a failed call. */
  explain(cause: unknown): string {
    return cause instanceof Refused ? this.number(cause.errcode, cause.message) : this.text.unknownError(String(cause));
  }

  number(errcode: number, message = ""): string {
    const known: Record<number, string> = { ...this.text.errors, ...this.more[this.code] };
    return known[errcode] ?? this.text.unknownError(message);
  }
}

export const language = new Language();
