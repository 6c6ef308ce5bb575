/** The state of the customer page. The server creates nothing for a customer before the first message. */
import { chat, MESSAGES_PAGE, type FilePart, Refused } from "../api";
import type { Frame, Live } from "../stream/event_stream";
import * as feed from "./chat_feed";
import { SnapshotStream } from "../stream/snapshot_stream";
import { Outbox, type NewMessage, type PictureFile, type Unsent } from "../unsent/outbox";
import type { Change, ChatFact, ChatSnapshot, Message, Typing } from "../wire";
import { LocalDrafts } from "./local_drafts.svelte";

export type ChatPhase = "loading" | "unknown" | "down" | "ready";

const NOT_FOUND = 404;
/** The browser sent no cookie. */
const COOKIE_NEEDED = 990029;
/** How long "typing" is shown, as on the platform. */
const TYPING_MS = 15_000;
/** How often a page that waits asks for the place in the queue. */
const PLACE_MS = 15_000;
/** The page has a single box, so a single draft. */
const DRAFT_KEY = "";

export class ChatPage {
  phase: ChatPhase = $state("loading");
  live: Live = $state(true);
  chat: feed.Chat | null = $state.raw(null);
  unsent: Unsent[] = $state.raw([]);
  /** How many customers are before this one; null if unknown. */
  before: number | null = $state(null);

  #appid;
  #api;
  #typing: ReturnType<typeof setTimeout> | undefined;
  #drafts = new LocalDrafts();
  #outbox = new Outbox({
    send: async (unsent) => (await this.#sendWithCookie(unsent)).message,
    onSent: (_, message) => this.#sent(message),
    mayWrite: () => true,
    onChange: (all) => (this.unsent = all),
  });
  #stream;

  constructor(appid: string) {
    const owner = `chat ${appid}`;
    this.#appid = appid;
    this.#api = chat(appid);
    this.#drafts.open(owner);
    this.#stream = new SnapshotStream<ChatSnapshot>({
      name: `kefu-${owner}`,
      keepsWhenHidden: false,
      snapshot: this.#api.snapshot,
      streamPath: this.#api.streamPath,
      onSnapshot: (snapshot) => {
        this.chat = feed.loadChat(snapshot, this.chat, MESSAGES_PAGE);
        this.phase = "ready";
        this.#outbox.confirm(snapshot.messages);
        void this.#outbox.open(owner);
        this.#askPlace();
      },
      onFrame: (frame) => this.#receive(frame),
      onLive: (live) => this.#setLive(live),
      onRefused: ({ status }) => {
        if (status === NOT_FOUND) this.phase = "unknown";
        return status === NOT_FOUND;
      },
    });
    addEventListener("online", () => this.#outbox.reconnected());
    setInterval(() => this.#askPlace(), PLACE_MS);
    void this.#stream.start();
  }

  /** Asks for the place in the queue, while the customer waits and looks. */
  #askPlace(): void {
    if (this.chat?.state !== "waiting") this.before = null;
    else if (!document.hidden) this.#api.place().then(({ before = null }) => (this.before = before), () => {});
  }

  get draft(): string {
    return this.#drafts.textOf(DRAFT_KEY);
  }

  set draft(text: string) {
    this.#drafts.write(DRAFT_KEY, text);
  }

  #setLive(live: Live): void {
    if (live && !this.live) this.#outbox.reconnected();
    this.live = live;
    if (!live && this.phase === "loading") this.phase = "down";
  }

  #receive(frame: Frame): void {
    if (!this.chat) return;
    if (frame.type === "typing") this.#showTyping((JSON.parse(frame.data) as Typing).typing);
    if (frame.type !== "change") return;
    const change = JSON.parse(frame.data) as Change<ChatFact>;
    this.chat = feed.foldChatChange(this.chat, change);
    this.#askPlace();
    this.#outbox.confirm(change.facts.flatMap((fact) => ("message" in fact ? [fact.message] : [])));
  }

  /** Shows that an agent is typing, until the agent stops or the time is over. */
  #showTyping(typing: boolean): void {
    clearTimeout(this.#typing);
    if (this.chat) this.chat = { ...this.chat, typing };
    if (typing) this.#typing = setTimeout(() => this.#showTyping(false), TYPING_MS);
  }

  filePath = (message: number, part: FilePart): string => this.#api.filePath(message, part);

  send = (text: string): void => this.#add({ text });

  sendPicture = (picture: PictureFile): void => this.#add({ text: "", picture });

  /** Chooses from a menu; the choice comes back as a message of the customer, and until then cannot be repeated. */
  chooseFromMenu(message: number, id: string): void {
    const isUnderWay = this.unsent.some(
      ({ menu_choice }) => menu_choice?.message === message && menu_choice.id === id,
    );
    if (isUnderWay) return;
    const choice = this.chat?.messages.find((one) => one.id === message)?.body?.list?.find((one) => one.id === id);
    this.#add({ text: choice?.content ?? "", menu_choice: { message, id } });
  }

  #add(content: Pick<NewMessage, "text" | "menu_choice" | "picture">): void {
    this.#outbox.add({ appid: this.#appid, session: 0, openid: "", ...content });
  }

  retry = (unsent: Unsent): void => this.#outbox.retry(unsent.client_id);

  drop = (unsent: Unsent): void => this.#outbox.drop(unsent.client_id);

  #sent(message: Message): void {
    if (!this.chat) return;
    const isFirst = this.chat.since === "";
    this.chat = feed.addChatMessages(this.chat, [message]);
    // The first message makes this browser a customer, and only a snapshot names the session that it began.
    if (isFirst) void this.#stream.restart();
  }

  /**
   * Sends a message. A browser that has lost its cookie gets a new one with the snapshot; the second attempt fails only
   * where the browser stores no cookies.
   */
  async #sendWithCookie(unsent: Unsent): Promise<{ message: Message }> {
    try {
      return await this.#post(unsent);
    } catch (cause) {
      if (!(cause instanceof Refused) || cause.errcode !== COOKIE_NEEDED) throw cause;
      await this.#api.snapshot();
      return this.#post(unsent);
    }
  }

  #post({ client_id, text, picture, menu_choice }: Unsent) {
    if (picture) return this.#api.sendPicture(client_id, picture.file);
    if (menu_choice) return this.#api.chooseFromMenu(client_id, menu_choice.message, menu_choice.id);
    return this.#api.send(client_id, text);
  }

  async loadOlder(): Promise<void> {
    const { messages } = await this.#api.messages(this.chat?.messages[0]?.id ?? 0);
    this.#outbox.confirm(messages);
    if (this.chat) this.chat = feed.addChatMessages(this.chat, messages, messages.length < MESSAGES_PAGE);
  }
}
