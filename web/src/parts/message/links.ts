/** Finds links in texts. The platform lets programs write `<a href="…">`, and no other HTML. */

export interface TextPart {
  text: string;
  /** The address of a link; "" for plain text. */
  href: string;
}

const TAG = /<a(\s[^<>]*)>([^<>]*)<\/a>/gi;
const HREF = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)')/i;
/** An address ends before a space, a quotation mark, or Chinese punctuation, which no space follows. */
const ADDRESS =
  /https?:\/\/[^\s<>"'`\u2018-\u201f\u2026\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+/gi;
const CLOSING: Record<string, string> = { ")": "(", "]": "[", "}": "{" };

/** The address if it begins with http or https, else "". */
export function safeAddress(address: string | undefined): string {
  return address && /^https?:\/\//i.test(address) ? address : "";
}

/** Splits a program's text at its links. A link that leads elsewhere, as to a mini program, is plain text. */
export function splitTags(text: string): TextPart[] {
  return split(text, TAG, splitAddresses, (found) => {
    const href = HREF.exec(found[1]!);
    return { text: found[2]!, href: safeAddress(href?.[1] ?? href?.[2]) };
  });
}

/** Splits a text at its http and https addresses, which become links. */
export function splitAddresses(text: string): TextPart[] {
  return split(
    text,
    ADDRESS,
    (words) => [{ text: words, href: "" }],
    (found) => {
      const address = trimmed(found[0]);
      return { text: address, href: URL.canParse(address) ? address : "" };
    },
  );
}

/** Removes final punctuation, which belongs to the sentence, and a bracket that was opened before the address. */
function trimmed(address: string): string {
  const last = address.at(-1)!;
  const opens = CLOSING[last];
  const isOpen = opens !== undefined && address.split(last).length > address.split(opens).length;
  return isOpen || /[.,;:!?*_~]/.test(last) ? trimmed(address.slice(0, -1)) : address;
}

/** Splits a text: `piece` makes a part of each match, `between` splits the text between matches. */
function split(
  text: string,
  pattern: RegExp,
  between: (text: string) => TextPart[],
  piece: (found: RegExpExecArray) => TextPart,
): TextPart[] {
  const all: TextPart[] = [];
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    const part = piece(found);
    all.push(...between(text.slice(at, found.index)), part);
    at = found.index + (pattern === ADDRESS ? part.text : found[0]).length;
  }
  return [...all, ...between(text.slice(at))].filter((part) => part.text !== "");
}
