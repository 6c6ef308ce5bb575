/** The state of the debugging page: the endpoints, the worker, the account in view and its token. */
import { desk, needsLogin, openapi } from "../api";
import type { DebugAccount } from "../wire";
import { parseDescription, type ApiDescription, type Endpoint } from "./api_description";

type DebugPhase = "loading" | "down" | "ready";

/** The name of the view with the settings of the developer's server. */
export const CALLBACK = "callback";

class DebugPage {
  phase: DebugPhase = $state("loading");
  api: ApiDescription | null = $state.raw(null);
  worker = $state("");
  accounts: DebugAccount[] = $state.raw([]);
  appid = $state("");
  token = $state("");
  /** When the token ends, in Unix milliseconds; 0 for a token that was typed or pasted. */
  ends = $state(0);
  /** The name of the endpoint in view, or `pushes`. */
  name = $state("");

  endpoint: Endpoint | null = $derived(this.api?.endpoints.find((one) => one.name === this.name) ?? null);

  /** Whether the settings of the developer's server are in view. */
  isCallback = $derived(this.name === CALLBACK && this.appid !== "");
  /** Whether the account's pushes are in view. */
  isPushes = $derived(this.name === "pushes" && this.appid !== "");
  /** Whether something is in view, which on a phone hides the list. */
  isOne = $derived(this.endpoint !== null || this.isPushes || this.isCallback);

  async load(): Promise<void> {
    this.phase = "loading";
    try {
      const [document, who] = await Promise.all([openapi(), desk.debug()]);
      this.api = parseDescription(document);
      this.worker = who.worker.name;
      this.accounts = who.accounts;
      this.appid = who.accounts[0]?.appid ?? "";
      this.phase = "ready";
    } catch (cause) {
      if (needsLogin(cause)) location.replace(this.loginPath);
      else this.phase = "down";
    }
  }

  /** The log-in of the workbench, which leads back to this endpoint. */
  get loginPath(): string {
    return `/desk/#${new URLSearchParams({ debug: this.name })}`;
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

export const page = new DebugPage();
