// The people of the test and what their pages show them, in English.
import { eventually } from "./eventually.mjs";
import { APPID } from "./server.mjs";

/** How the workbench calls a customer. */
export const called = (openid) => `Customer ${openid.slice(-4)}`;

/** Who sits at a page with a conversation. */
class Person {
  hears = (text) => this.page.getByRole("log").getByText(text, { exact: true }).first().waitFor();

  /** Picks a file as one does in the dialog that the button opens. */
  async sendsPicture(file) {
    const [chooser] = await Promise.all([
      this.page.waitForEvent("filechooser"),
      this.page.getByRole("button", { name: "Send a picture" }).click(),
    ]);
    await chooser.setFiles(file);
  }

  /** So many pictures have arrived and are drawn. */
  seesPictures = (count) =>
    eventually(`${count} pictures`, async () => {
      const pictures = this.page.getByRole("log").getByRole("img", { name: "Picture" });
      const widths = await pictures.evaluateAll((images) => images.map((image) => image.naturalWidth));
      if (widths.length !== count || widths.includes(0)) throw new Error(`their widths are ${widths}`);
    });
}

/** A worker at the workbench. */
export class Worker extends Person {
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

  /** The session of a customer in the list of her own. */
  session = (openid) => this.page.locator("section[aria-labelledby=mine]").getByRole("button", { name: called(openid) });

  /** The session of a customer in the list of what others have. */
  others = (openid) => this.page.locator("section[aria-labelledby=others]").getByRole("button", { name: called(openid) });

  take = (openid) => this.press(`Take ${called(openid)}`);

  async says(text) {
    await this.page.getByRole("textbox", { name: "Reply" }).fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** All that the lists show, read at one moment. */
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
        mine: list("mine"),
      };
    });
}

/** A customer at the account's page. Her openid is known once the API has named it. */
export class Customer extends Person {
  openid = "";

  constructor(page, server) {
    super();
    Object.assign(this, { page, server });
  }

  at = () => this.page.goto(`${this.server.base}/chat/${APPID}`);
  sees = (text) => this.page.getByText(text, { exact: true }).first().waitFor();

  async says(text) {
    await this.page.getByRole("textbox", { name: "Message" }).fill(text);
    await this.page.keyboard.press("Enter");
    await this.hears(text);
  }

  /** Writes for the first time: whom the API names and nobody knew is she. */
  async introducesHerself(text, others) {
    const known = new Set(others.map((other) => other.openid));
    await this.says(text);
    this.openid = await eventually("the API names a new customer", async () => {
      const [open, waiting] = await Promise.all([this.server.sessions("kf2@demo"), this.server.waiting()]);
      const listed = [...open, ...waiting.waitcaselist].map((one) => one.openid);
      const found = listed.find((openid) => !known.has(openid));
      if (!found) throw new Error(`only ${listed.join(", ") || "nobody"} so far`);
      return found;
    });
  }

  messages = () => this.page.getByTestId("message").locator("p").allTextContents();
  standing = async () => (await this.page.getByTestId("state").textContent())?.trim() ?? "";
}
