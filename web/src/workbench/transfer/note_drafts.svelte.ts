/** Notes that are typed and not sent, until the session is transferred or the page is closed. */

class NoteDrafts {
  #all: Record<string, string> = $state({});

  textOf = (key: string): string => this.#all[key] ?? "";

  write(key: string, text: string): void {
    if (text) this.#all[key] = text;
    else delete this.#all[key];
  }
}

export const noteDrafts = new NoteDrafts();
