/** Links in what programs write: the platform lets a text hold `<a href="…">`, and nothing else of HTML. */

export interface Words {
  text: string;
  /** Where it leads; "" for plain words. */
  href: string;
}

/** The address, if it is one that a browser may open. */
export function safe(address: string | undefined): string {
  return address && /^https?:\/\//i.test(address) ? address : "";
}

/** A text in pieces. A link that leads nowhere here, as to a mini program, is only its words. */
export function links(text: string): Words[] {
  const pieces: Words[] = [];
  let at = 0;
  for (const found of text.matchAll(/<a(\s[^<>]*)>([^<>]*)<\/a>/gi)) {
    if (found.index > at) pieces.push({ text: text.slice(at, found.index), href: "" });
    const href = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(found[1]!);
    pieces.push({ text: found[2]!, href: safe(href?.[1] ?? href?.[2]) });
    at = found.index + found[0].length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), href: "" });
  return pieces;
}
