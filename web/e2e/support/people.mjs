// The people of a test, what they do at their pages, and what the pages show them, in English.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { eventually } from "./eventually.mjs";
import { APPID } from "./server.mjs";

/** The name of a customer at the workbench. */
export const customerName = (openid) => `Customer ${openid.slice(-4)}`;

/** A person at a page with messages. */
class Person {
  seesMessage = (text) => this.page.getByRole("log").getByText(text, { exact: true }).first().waitFor();

  /** Chooses a file in the dialog that the button opens. */
  async choosesPicture(file) {
    const [chooser] = await Promise.all([
      this.page.waitForEvent("filechooser"),
      this.page.getByRole("button", { name: "Send a picture" }).click(),
    ]);
    await chooser.setFiles(file);
  }

  /** The box for a new message. */
  box = () => this.page.getByRole("textbox", { name: this.boxName });

  messages = () => this.page.getByTestId("message").locator("p").allTextContents();

  /** Writes without waiting for it to arrive. */
  async writes(text) {
    await this.box().fill(text);
    await this.box().press("Enter");
  }

  pictures = () => this.page.getByRole("log").getByRole("img", { name: "Picture" });

  /** Confirms the picture in the dialog, which sends it. */
  async confirmsPicture() {
    const dialog = this.page.getByRole("dialog");
    await dialog.getByRole("img", { name: "Picture" }).first().waitFor();
    await dialog.getByRole("button", { name: "Send", exact: true }).click();
  }

  /** Waits until this many pictures have arrived and are drawn. */
  seesPictures = (count) =>
    eventually(`${count} pictures`, async () => {
      const widths = await this.pictures().evaluateAll((images) => images.map((image) => image.naturalWidth));
      if (widths.length !== count || widths.includes(0)) throw new Error(`their widths are ${widths}`);
    });
}

/** A worker at the workbench. */
export class Worker extends Person {
  boxName = "Reply";

  constructor(page, server, name) {
    super();
    Object.assign(this, { page, server, name });
  }

  at = (address = `${this.server.base}/desk/`) => this.page.goto(address);

  async fill(submit, name, password) {
    await this.page.getByLabel("Name").fill(name);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: submit }).click();
  }

  press = (name) => this.page.getByRole("button", { name, exact: true }).click();
  sees = (text) => this.page.getByText(text, { exact: true }).filter({ visible: true }).first().waitFor();

  /** The session of a customer in the list of own sessions. */
  session = (openid) =>
    this.page.locator("section[aria-labelledby=own-sessions]").getByRole("button", { name: customerName(openid) });

  /** A supervisor's lists: "Colleagues’ sessions", or "Waiting". */
  tab = (name) => this.page.getByRole("tab", { name });

  /** The session of a customer in the list of colleagues' sessions. */
  others = (openid) =>
    this.page
      .locator("section[aria-labelledby=colleague-sessions]")
      .getByRole("button", { name: customerName(openid) });

  take = (openid) => this.press(`Take ${customerName(openid)}`);

  says = (text) => this.writes(text);

  /** The rows of sessions in which something was not sent. */
  marked = () => this.page.locator("section[aria-labelledby=own-sessions] .failed");

  async logsOut() {
    await this.press("Log out");
    const dialog = this.page.getByRole("dialog").getByRole("button", { name: "Log out" });
    await this.page.getByText("Log in to the workbench").or(dialog).first().waitFor();
    if (await dialog.isVisible()) await dialog.click();
    await this.sees("Log in to the workbench");
  }

  /** The number of the worker's only session. */
  sessionId = () =>
    this.page.evaluate(async () => {
      const { accounts } = await (await fetch("/desk/api/snapshot")).json();
      return accounts[0].sessions[0].id;
    });

  /** Sends a message without the page, which is faster. */
  posts = (session, text) => this.#post("/desk/api/message", { session, client_id: randomUUID(), text });

  async postsPicture(session, bytes) {
    const query = new URLSearchParams({ appid: APPID, session, client_id: randomUUID() });
    const headers = { "Content-Type": "image/png", Origin: this.server.base };
    const answer = await this.page.request.post(`${this.server.base}/desk/api/image?${query}`, {
      headers,
      data: bytes,
    });
    assert.equal(answer.status(), 200, await answer.text());
  }

  async #post(path, data) {
    const headers = { Origin: this.server.base };
    const answer = await this.page.request.post(this.server.base + path, { headers, data: { appid: APPID, ...data } });
    assert.equal(answer.status(), 200, await answer.text());
  }

  /** Everything that the lists show at one moment. */
  shown = () =>
    this.page.evaluate(() => {
      const text = (node) => node?.textContent.trim() ?? "";
      const list = (name) => {
        const section = document.querySelector(`section[aria-labelledby=${name}]`);
        const names = [...(section?.querySelectorAll("li .name") ?? [])].map(text);
        return { names, count: Number(text(section?.querySelector(".count"))) };
      };
      return {
        nickname: text(document.querySelector(".lists header p")),
        worker: text(document.querySelector(".worker .name")),
        presence: text(document.querySelector("[data-testid=presence]")),
        waiting: list("waiting"),
        mine: list("own-sessions"),
      };
    });
}

/** A customer at the account's page. The openid is known after `writesFirstMessage`. */
export class Customer extends Person {
  boxName = "Message";
  openid = "";

  constructor(page, server) {
    super();
    Object.assign(this, { page, server });
  }

  at = () => this.page.goto(`${this.server.base}/chat/${APPID}`);
  sees = (text) => this.page.getByText(text, { exact: true }).first().waitFor();

  async says(text) {
    await this.writes(text);
    await this.seesMessage(text);
  }

  /** Writes for the first time, and finds the openid: the only one in the API's lists that is not of `others`. */
  async writesFirstMessage(text, others) {
    const known = new Set(others.map((other) => other.openid));
    await this.says(text);
    this.openid = await eventually("the API names a new customer", async () => {
      const [open, waiting] = await Promise.all([this.server.sessions("kf2@demo"), this.server.waiting()]);
      const listed = [...open, ...waiting.waitcaselist].map((one) => one.openid);
      const found = listed.find((openid) => !known.has(openid));
      if (!found) throw new Error(`only ${listed.join(", ") || "none"} so far`);
      return found;
    });
  }

  standing = async () => (await this.page.getByTestId("state").textContent())?.trim() ?? "";
}
