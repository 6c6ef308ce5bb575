/** The customer page's state. Nothing is created on the server until the first message. */
import { chat, PAGE, type Part, Refused } from "../api";
import { Drafts } from "./local_drafts.svelte";
import * as feed from "../stream/feed";
import { Live } from "../stream/snapshot_stream";
import { Outbox, type Drawn, type Unsent } from "../unsent/outbox";
import type { Frame, Up } from "../stream/event_stream";
import type { Change, ChatFact, Message, Typing } from "../wire";

export type Phase = "loading" | "unknown" | "down" | "ready";

const NOT_FOUND = 404;
/** The browser showed no cookie. */
const COOKIE_NEEDED = 990029;
/** How long "typing" lasts, as on the platform. */
const TYPING_MS = 15_000;
/** The page has one box. */
const BOX = "";

export class Customer {
  phase: Phase = $state("loading");
  live: Up = $state(true);
  chat: feed.Chat | null = $state.raw(null);
  unsent: Unsent[] = $state.raw([]);

  #appid;
  #api;
  #typing: ReturnType<typeof setTimeout> | undefined;
  #drafts = new Drafts();
  #outbox = new Outbox({
    send: async (unsent) => (await this.#send(unsent)).message,
    sent: (_, message) => this.#sent(message),
    theirs: () => true,
    changed: (all) => (this.unsent = all),
  });
  #live;

  constructor(appid: string) {
    const owner = `chat ${appid}`;
    this.#appid = appid;
    this.#api = chat(appid);
    this.#drafts.open(owner);
    this.#live = new Live({
      name: `kefu-${owner}`,
      keeps: false,
      snapshot: this.#api.snapshot,
      streamPath: this.#api.streamPath,
      loaded: (snapshot) => {
        this.chat = feed.loadChat(snapshot, this.chat, PAGE);
        this.phase = "ready";
        this.#outbox.confirm(snapshot.messages);
        void this.#outbox.open(owner);
      },
      frame: (frame) => this.#hear(frame),
      live: (up) => this.#goLive(up),
      refused: ({ status }) => {
        if (status === NOT_FOUND) this.phase = "unknown";
        return status === NOT_FOUND;
      },
    });
    addEventListener("online", () => this.#outbox.returned());
    void this.#live.start();
  }

  get draft(): string {
    return this.#drafts.of(BOX);
  }

  set draft(text: string) {
    this.#drafts.write(BOX, text);
  }

  #goLive(up: Up): void {
    if (up && !this.live) this.#outbox.returned();
    this.live = up;
    if (!up && this.phase === "loading") this.phase = "down";
  }

  #hear(frame: Frame): void {
    if (!this.chat) return;
    if (frame.type === "typing") this.#type((JSON.parse(frame.data) as Typing).typing);
    if (frame.type !== "change") return;
    const change = JSON.parse(frame.data) as Change<ChatFact>;
    this.chat = feed.foldChat(this.chat, change);
    this.#outbox.confirm(change.facts.flatMap((fact) => ("message" in fact ? [fact.message] : [])));
  }

  /** Shows that somebody types, until they stop or for as long as it lasts. */
  #type(typing: boolean): void {
    clearTimeout(this.#typing);
    if (this.chat) this.chat = { ...this.chat, typing };
    if (typing) this.#typing = setTimeout(() => this.#type(false), TYPING_MS);
  }

  filePath = (message: number, part: Part): string => this.#api.filePath(message, part);

  send = (text: string): void => this.#add({ text });

  sendPicture = (picture: Drawn): void => this.#add({ text: "", picture });

  /** Chooses of a menu, once until it has arrived. What was chosen arrives as the customer's message. */
  tap(message: number, id: string): void {
    if (this.unsent.some(({ tapped }) => tapped?.message === message && tapped.id === id)) return;
    const choice = this.chat?.messages.find((one) => one.id === message)?.body?.list?.find((one) => one.id === id);
    this.#add({ text: choice?.content ?? "", tapped: { message, id } });
  }

  #add(what: Pick<Unsent, "text" | "tapped"> & { picture?: Drawn }): void {
    this.#outbox.add({ appid: this.#appid, session: 0, openid: "", ...what });
  }

  again = (unsent: Unsent): void => this.#outbox.again(unsent.client_id);

  drop = (unsent: Unsent): void => this.#outbox.drop(unsent.client_id);

  #sent(message: Message): void {
    if (!this.chat) return;
    const isFirst = this.chat.since === "";
    this.chat = feed.addChat(this.chat, [message]);
    // The first message made this browser a customer: only the snapshot knows the session it began.
    if (isFirst) void this.#live.restart();
  }

  /** Sends. A browser that has lost its cookie gets another with the snapshot; one that keeps none is refused again. */
  async #send(unsent: Unsent): Promise<{ message: Message }> {
    try {
      return await this.#post(unsent);
    } catch (cause) {
      if (!(cause instanceof Refused) || cause.errcode !== COOKIE_NEEDED) throw cause;
      await this.#api.snapshot();
      return this.#post(unsent);
    }
  }

  #post({ client_id, text, picture, tapped }: Unsent) {
    if (picture) return this.#api.sendPicture(client_id, picture.file);
    if (tapped) return this.#api.tap(client_id, tapped.message, tapped.id);
    return this.#api.send(client_id, text);
  }

  async older(): Promise<void> {
    const { messages } = await this.#api.messages(this.chat?.messages[0]?.id ?? 0);
    this.#outbox.confirm(messages);
    if (this.chat) this.chat = feed.addChat(this.chat, messages, messages.length < PAGE);
  }
}
