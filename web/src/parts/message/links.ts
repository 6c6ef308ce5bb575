/** Links in what people and programs write. The platform lets programs write `<a href="…">`, and nothing else of HTML. */

export interface Words {
  text: string;
  /** Where it leads; "" for plain words. */
  href: string;
}

const TAG = /<a(\s[^<>]*)>([^<>]*)<\/a>/gi;
const HREF = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)')/i;
/** An address ends before space, quotation marks, and the punctuation of Chinese, which needs no space after it. */
const ADDRESS = /https?:\/\/[^\s<>"'`\u2018-\u201f\u2026\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+/gi;
const CLOSING: Record<string, string> = { ")": "(", "]": "[", "}": "{" };

/** The address, if it is one that a browser may open. */
export function safe(address: string | undefined): string {
  return address && /^https?:\/\//i.test(address) ? address : "";
}

/** What a program wrote, in pieces. A link that leads nowhere here, as to a mini program, is only its words. */
export function links(text: string): Words[] {
  return pieces(text, TAG, addresses, (found) => {
    const href = HREF.exec(found[1]!);
    return { text: found[2]!, href: safe(href?.[1] ?? href?.[2]) };
  });
}

/** A text in pieces, of which the `http(s)` addresses lead where they say. */
export function addresses(text: string): Words[] {
  return pieces(text, ADDRESS, (words) => [{ text: words, href: "" }], (found) => {
    const address = trimmed(found[0]);
    return { text: address, href: URL.canParse(address) ? address : "" };
  });
}

/** Full stops and the like end the sentence, not the address; so does a bracket that was opened before it. */
function trimmed(address: string): string {
  const last = address.at(-1)!;
  const opens = CLOSING[last];
  const isOpen = opens !== undefined && address.split(last).length > address.split(opens).length;
  return isOpen || /[.,;:!?*_~]/.test(last) ? trimmed(address.slice(0, -1)) : address;
}

/** What matches becomes a piece, of as much text as it says; what stands between is divided further. */
function pieces(
  text: string,
  pattern: RegExp,
  between: (text: string) => Words[],
  piece: (found: RegExpExecArray) => Words,
): Words[] {
  const all: Words[] = [];
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    const words = piece(found);
    all.push(...between(text.slice(at, found.index)), words);
    at = found.index + (pattern === ADDRESS ? words.text : found[0]).length;
  }
  return [...all, ...between(text.slice(at))].filter((words) => words.text !== "");
}
