/** Loads pages of a session's messages, each only once at a time. */
import { desk as api, MESSAGES_PAGE } from "../../api";
import type { History, Session } from "../../wire";

export class MessageLoader {
  #running = new Set<string>();

  /** `onPage` gets each page; `complete`: there is nothing older. */
  constructor(private onPage: (appid: string, session: Session, page: History, complete: boolean) => void) {}

  /** Loads the messages before the message `before`; 0 loads the last ones. Throws what the call throws. */
  async load(appid: string, session: Session, before: number): Promise<void> {
    const key = `${appid}:${session.id}:${before}`;
    if (this.#running.has(key)) return;
    this.#running.add(key);
    try {
      const page = await api.messages(appid, session.id, before);
      this.onPage(appid, session, page, page.messages.length < MESSAGES_PAGE);
    } finally {
      this.#running.delete(key);
    }
  }
}
