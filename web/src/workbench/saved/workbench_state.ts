/** What the server remembers of a worker's page: what they have typed and not sent, and how far they have read. */
import { desk as api } from "../../api";
import * as feed from "../../stream/feed";
import { pause } from "../../stream/event_stream";
import type { Change, DeskFact, DeskSnapshot, Session } from "../../wire";
import { ServerDrafts } from "./server_drafts.svelte";
import { keyOf } from "./session_key";
import { Marks, type Mark } from "./read_marks";
import { fromServer } from "./merge_drafts";

/** A browser that has sent a draft forgets it within this. */
const SENT_MS = 1000;

interface Ways {
  /** Whether the page shows the box of this session. */
  isShown: (key: string) => boolean;
  /** Another tab has read a session. */
  read: (mark: Mark) => void;
  ended: (cause: unknown) => void;
  /** The server counts otherwise than it did in the snapshot. */
  reload: () => void;
}

export class WorkbenchState {
  drafts: ServerDrafts;
  marks: Marks;
  /** When the last snapshot was asked for, by the page's clock. */
  #asked = 0;

  constructor(private ways: Ways) {
    const { isShown, read, ended } = ways;
    this.drafts = new ServerDrafts({ send: api.draft, isShown, ended });
    this.marks = new Marks({ send: api.read, read, ended });
  }

  snapshot = (): Promise<DeskSnapshot> => {
    this.#asked = performance.now();
    return api.snapshot();
  };

  /** Takes a snapshot's drafts. What was read after it was asked for is not unread again. */
  load({ worker: { name }, accounts }: DeskSnapshot, desk: feed.Desk): feed.Desk {
    this.marks.open(name);
    this.drafts.load(name, Object.assign({}, ...accounts.map((one) => fromServer(one.appid, one.drafts))), this.#asked);
    const sessions = desk.accounts.flatMap((account) => feed.mine(account).map((session) => ({ account, session })));
    const listed = sessions.map(({ account: { appid }, session: { id } }) => ({ appid, session: id }));
    void this.marks.adopt(listed).then((found) => found && this.ways.reload());
    return sessions.reduce((next, { account: { appid, unread, messages }, session: { id, openid } }) => {
      if (!unread[id]) this.marks.known(appid, id, messages[openid]?.at(-1)?.id ?? 0);
      return feed.read(next, appid, id, this.marks.upTo(appid, id));
    }, desk);
  }

  /** Reads a session of the worker's own up to a message. */
  read(desk: feed.Desk, account: feed.Account, session: Session, message: number): feed.Desk {
    const { appid, unread } = account;
    const isNews = unread[session.id] || feed.after(account, session, this.marks.upTo(appid, session.id));
    if (isNews) this.marks.mark(appid, session.id, message);
    return feed.read(desk, appid, session.id, message);
  }

  /** What this worker has sent with another browser was a draft here perhaps. */
  heard({ accounts }: feed.Desk, { appid, facts }: Change<DeskFact>): void {
    const own = accounts.find((account) => account.appid === appid)?.agent.kf_account;
    const isSent = facts.some((fact) => {
      if (!("message" in fact) || fact.message.kf_account !== own || fact.message.client_id === "") return false;
      return this.drafts.isSaved(keyOf(appid, fact.message.session));
    });
    if (isSent) void pause(SENT_MS).then(this.ways.reload);
  }

  /** Tells the server all it has not been told. */
  flush = (): Promise<unknown> => Promise.all([this.drafts.flush(), this.marks.flush()]);

  /** The same at once, for the page may go. */
  leave(): void {
    this.drafts.leave();
    void this.marks.flush();
  }

  /** The line is back. */
  returned(): void {
    this.drafts.returned();
    void this.marks.flush();
  }

  /** Forgets whose it was. */
  close(): void {
    this.drafts.close();
    this.marks.close();
  }
}
