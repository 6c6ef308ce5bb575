/** What the page knows: the endpoints, who is logged in, the account in view and its token. */
import { desk, openapi, Refused } from "../api";
import type { DebugAccount } from "../wire";
import { read, type Api, type Endpoint } from "./api_description";

const LOGIN_NEEDED = 990002;

type Phase = "loading" | "down" | "ready";

class Page {
  phase: Phase = $state("loading");
  api: Api | null = $state.raw(null);
  worker = $state("");
  accounts: DebugAccount[] = $state.raw([]);
  appid = $state("");
  token = $state("");
  /** When the token ends, Unix milliseconds; 0 for one that somebody typed. */
  ends = $state(0);
  /** The endpoint in view, by name. */
  name = $state("");

  endpoint: Endpoint | null = $derived(this.api?.endpoints.find((one) => one.name === this.name) ?? null);

  async load(): Promise<void> {
    this.phase = "loading";
    try {
      const [document, who] = await Promise.all([openapi(), desk.debug()]);
      this.api = read(document);
      this.worker = who.worker.name;
      this.accounts = who.accounts;
      this.appid = who.accounts[0]?.appid ?? "";
      this.phase = "ready";
    } catch (cause) {
      // The workbench logs in, and leads back to this endpoint.
      if (cause instanceof Refused && cause.errcode === LOGIN_NEEDED) {
        location.replace(`/desk/#${new URLSearchParams({ debug: this.name })}`);
      } else this.phase = "down";
    }
  }

  choose(appid: string): void {
    this.appid = appid;
    this.typed("");
  }

  typed(token: string): void {
    this.token = token;
    this.ends = 0;
  }

  async fillIn(): Promise<void> {
    const { access_token, expires_in } = await desk.debugToken(this.appid);
    this.token = access_token;
    this.ends = Date.now() + expires_in * 1000;
  }
}

export const page = new Page();
