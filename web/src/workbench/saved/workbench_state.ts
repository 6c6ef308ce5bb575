/** What the server keeps of a worker's page: drafts, and how far the worker has read each session. */
import { desk as api } from "../../api";
import { pause } from "../../stream/event_stream";
import * as feed from "../../stream/feed";
import type { Change, DeskFact, DeskSnapshot, Session } from "../../wire";
import { fromServer } from "./merge_drafts";
import { ReadMarks, type ReadMark } from "./read_marks";
import { ServerDrafts } from "./server_drafts.svelte";
import { sessionKey } from "./session_key";

/** A browser that has sent a message deletes its draft within this time. */
const DELETE_DRAFT_MS = 1000;

interface WorkbenchStateOptions {
  /** Whether the page shows the box of this session. */
  isShown: (key: string) => boolean;
  /** Another tab has read a session. */
  onRead: (mark: ReadMark) => void;
  onLoginEnded: (cause: unknown) => void;
  /** The server may now have other drafts or counts than the last snapshot. */
  reload: () => void;
}

export class WorkbenchState {
  drafts: ServerDrafts;
  marks: ReadMarks;
  /** When the last snapshot was asked for, by `performance.now()`. */
  #asked = 0;

  constructor(private options: WorkbenchStateOptions) {
    const { isShown, onRead, onLoginEnded } = options;
    this.drafts = new ServerDrafts({ send: api.draft, isShown, onLoginEnded });
    this.marks = new ReadMarks({ send: api.read, onRead, onLoginEnded });
  }

  snapshot = (): Promise<DeskSnapshot> => {
    this.#asked = performance.now();
    return api.snapshot();
  };

  /** Takes the drafts and counts of a snapshot. What was read after the snapshot was asked for stays read. */
  load({ worker: { name }, accounts }: DeskSnapshot, desk: feed.Desk): feed.Desk {
    this.marks.open(name);
    this.drafts.load(name, Object.assign({}, ...accounts.map((one) => fromServer(one.appid, one.drafts))), this.#asked);
    const sessions = desk.accounts.flatMap((account) =>
      feed.ownSessions(account).map((session) => ({ account, session })),
    );
    const listed = sessions.map(({ account: { appid }, session: { id } }) => ({ appid, session: id }));
    void this.marks.sendOldMarks(listed).then((found) => found && this.options.reload());
    return sessions.reduce((next, { account: { appid, unread, messages }, session: { id, openid } }) => {
      if (!unread[id]) this.marks.setKnown(appid, id, messages[openid]?.at(-1)?.id ?? 0);
      return feed.markRead(next, appid, id, this.marks.upTo(appid, id));
    }, desk);
  }

  /** The worker has read one of their own sessions up to a message. */
  read(desk: feed.Desk, account: feed.Account, session: Session, message: number): feed.Desk {
    const { appid, unread } = account;
    const upTo = this.marks.upTo(appid, session.id);
    if (unread[session.id] || feed.countUnreadAfter(account, session, upTo))
      this.marks.mark(appid, session.id, message);
    return feed.markRead(desk, appid, session.id, message);
  }

  /** Reloads when this worker has sent a message from another browser, because its draft here may be deleted. */
  receive({ accounts }: feed.Desk, { appid, facts }: Change<DeskFact>): void {
    const own = accounts.find((account) => account.appid === appid)?.agent.kf_account;
    const isSent = facts.some((fact) => {
      if (!("message" in fact) || fact.message.kf_account !== own || fact.message.client_id === "") return false;
      return this.drafts.isSaved(sessionKey(appid, fact.message.session));
    });
    if (isSent) void pause(DELETE_DRAFT_MS).then(this.options.reload);
  }

  /** Saves everything that is pending, and returns when the server has answered. */
  flush = (): Promise<unknown> => Promise.all([this.drafts.flush(), this.marks.flush()]);

  /** Sends everything that is pending at once, because the page may be closed. */
  flushNow(): void {
    this.drafts.flushNow();
    void this.marks.flush();
  }

  /** The connection is back. */
  reconnected(): void {
    this.drafts.reconnected();
    void this.marks.flush();
  }

  /** Forgets the worker. */
  close(): void {
    this.drafts.close();
    this.marks.close();
  }
}
