/** The customer page's state. Nothing is created on the server until the first message. */
import { chat, clientId, PAGE, type Part, Refused } from "../api";
import * as feed from "../feed";
import { openStream, pause, type Up } from "../stream";
import type { ChatChange } from "../wire";

export type Phase = "loading" | "unknown" | "down" | "ready";

const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 10_000;
/** Another page of this browser has just written first; its answer brings the cookie that goes on. */
const COOKIE_REPLACED = 990034;
const REPLACED_RETRY_MS = 2_000;
/** More than the half minute for which the server refuses. */
const REPLACED_RETRIES = 20;
/** How long "typing" lasts, as on the platform. */
const TYPING_MS = 15_000;

export class Customer {
  phase: Phase = $state("loading");
  live: Up = $state(true);
  chat: feed.Chat | null = $state.raw(null);
  /** Replies that came while the page was out of sight. */
  missed = $state(0);

  #api;
  #stream: { close: () => void } | null = null;
  #sending: Promise<unknown> = Promise.resolve();
  #typing: ReturnType<typeof setTimeout> | undefined;

  constructor(appid: string) {
    this.#api = chat(appid);
    document.addEventListener("visibilitychange", () => (this.missed = 0));
    void this.load();
  }

  /** Loads the snapshot, again and again if need be, and follows the stream once there is one. */
  async load(): Promise<void> {
    this.#stream?.close();
    this.#stream = null;
    for (let wait = RETRY_MIN_MS; ; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      try {
        const snapshot = await this.#api.snapshot();
        this.chat = feed.loadChat(snapshot, this.chat, PAGE);
        this.phase = "ready";
        this.live = true;
        if (snapshot.since) this.#follow(snapshot.since);
        return;
      } catch (cause) {
        if (cause instanceof Refused && cause.status === 404) {
          this.phase = "unknown";
          return;
        }
        if (!this.chat) this.phase = "down";
        this.live = false;
        await pause(wait);
      }
    }
  }

  #follow(since: string): void {
    this.#stream?.close();
    this.#stream = openStream({
      path: this.#api.streamPath,
      since,
      live: (up) => (this.live = up),
      refused: () => void pause(RETRY_MAX_MS).then(() => this.load()),
      hear: (frame) => {
        if (frame.type === "reset") void this.load();
        if (frame.type === "change" && this.chat) this.#heard(JSON.parse(frame.data) as ChatChange);
        if (frame.type === "typing" && this.chat) this.#type((JSON.parse(frame.data) as { typing: boolean }).typing);
      },
    });
  }

  #heard(change: ChatChange): void {
    const before = this.chat?.messages.at(-1)?.id ?? 0;
    this.chat = this.chat && feed.foldChat(this.chat, change);
    if (document.visibilityState === "visible") return;
    this.missed += this.chat?.messages.filter((one) => one.from !== "customer" && one.id > before).length ?? 0;
  }

  /** Shows that somebody types, until she stops or for as long as it lasts. */
  #type(typing: boolean): void {
    clearTimeout(this.#typing);
    if (this.chat) this.chat = { ...this.chat, typing };
    if (typing) this.#typing = setTimeout(() => this.#type(false), TYPING_MS);
  }

  filePath = (message: number, part: Part): string => this.#api.filePath(message, part);

  send(text: string): void {
    void this.#attempt({ client_id: clientId(), session: 0, text, at: Date.now(), error: null });
  }

  sendPicture(file: Blob): void {
    const picture = { file, url: URL.createObjectURL(file) };
    void this.#attempt({ client_id: clientId(), session: 0, text: "", picture, at: Date.now(), error: null });
  }

  /** Chooses of a menu. What she chose arrives as her message. */
  tap(message: number, id: string): void {
    const choice = this.chat?.messages.find((one) => one.id === message)?.body?.list?.find((one) => one.id === id);
    const tapped = { message, id };
    const text = choice?.content ?? "";
    void this.#attempt({ client_id: clientId(), session: 0, text, tapped, at: Date.now(), error: null });
  }

  /** Safe: the server knows the message by its client id. */
  again(bubble: feed.Pending): void {
    void this.#attempt({ ...bubble, error: null });
  }

  async #attempt(bubble: feed.Pending): Promise<void> {
    if (this.chat) this.chat = feed.attemptChat(this.chat, bubble);
    const sent = this.#sending.then(() => this.#deliver(bubble));
    this.#sending = sent.catch(() => {});
    try {
      const { message } = await sent;
      if (this.chat) this.chat = feed.addChat(this.chat, [message]);
      if (bubble.picture) URL.revokeObjectURL(bubble.picture.url);
      // The first message made this browser a customer: only the snapshot knows the session it began.
      if (!this.#stream) void this.load();
    } catch (cause) {
      const error = cause instanceof Refused ? cause.errcode : 0;
      if (this.chat) this.chat = feed.attemptChat(this.chat, { ...bubble, error });
    }
  }

  /** Sends, again and again while another page of this browser is getting a new cookie. */
  async #deliver(bubble: feed.Pending) {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#call(bubble);
      } catch (cause) {
        const replaced = cause instanceof Refused && cause.errcode === COOKIE_REPLACED;
        if (!replaced || tries >= REPLACED_RETRIES) throw cause;
      }
      await pause(REPLACED_RETRY_MS);
    }
  }

  #call({ client_id, text, picture, tapped }: feed.Pending) {
    if (picture) return this.#api.sendPicture(client_id, picture.file);
    if (tapped) return this.#api.tap(client_id, tapped.message, tapped.id);
    return this.#api.send(client_id, text);
  }

  async older(): Promise<void> {
    const { messages } = await this.#api.messages(this.chat?.messages[0]?.id ?? 0);
    if (this.chat) this.chat = feed.addChat(this.chat, messages, messages.length < PAGE);
  }
}
