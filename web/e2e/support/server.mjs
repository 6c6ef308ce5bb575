// A real server with the demo's account, and the API as a program calls it.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { eventually } from "./eventually.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const program = path.resolve(root, process.env.KEFU ?? "target/debug/kefu");
const STOP_MS = 10_000;

export const APPID = "wx0123456789abcdef";
const SECRET = "0123456789abcdef0123456789abcdef";

// However the tests end, their servers end with them.
const running = new Set();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

const AT_ONCE = 8;

/** Runs `act` for each item, a few at a time. */
async function inParallel(all, act) {
  const left = [...all];
  const one = async () => {
    while (left.length > 0) await act(left.shift());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

export class Server {
  base = "";
  #folder = mkdtempSync(path.join(tmpdir(), "kefu-e2e-"));
  #child = null;
  #token = "";

  /** Starts the server, at its previous address if it has one. Its output goes to files, so that no pipe stays open. */
  async start() {
    const out = path.join(this.#folder, "out");
    const listen = this.base ? new URL(this.base).host : "127.0.0.1:0";
    this.#child = spawn(program, ["demo", "--listen", listen, "--data", path.join(this.#folder, "data")], {
      cwd: this.#folder,
      stdio: ["ignore", openSync(out, "w"), openSync(path.join(this.#folder, "log"), "a")],
    });
    const child = this.#child;
    running.add(child);
    child.once("exit", () => running.delete(child));
    this.base = await eventually("the server says where it listens", () => {
      if (child.exitCode !== null) return "";
      const [, base] = /API base URL +(\S+)/.exec(readFileSync(out, "utf8")) ?? [];
      assert.ok(base);
      return base;
    });
    assert.ok(this.base, `the server ended at once\n${this.log()}`);
    await eventually("the server answers", async () => assert.ok((await fetch(`${this.base}/readyz`)).ok));
  }

  log() {
    return readFileSync(path.join(this.#folder, "log"), "utf8");
  }

  /** Kills the server, as if the machine had failed. */
  async kill() {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }

  /** Stops the server, and checks its exit code and its log. */
  async stop() {
    const child = this.#child;
    if (!child) return;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      child.kill("SIGTERM");
      await ended;
      clearTimeout(late);
    }
    const log = this.log();
    rmSync(this.#folder, { recursive: true, force: true });
    assert.equal(child.exitCode, 0, `the server stops by itself when asked to\n${log}`);
    const errors = log.split("\n").filter((line) => line.includes('"level":"ERROR"'));
    assert.deepEqual(errors, [], "the server logs no internal error");
  }

  /** Runs a subcommand as an operator does, and parses its JSON. */
  async order(...words) {
    const given = [...words, "--data", path.join(this.#folder, "data"), "--json"];
    const { stdout } = await promisify(execFile)(program, given, { cwd: this.#folder });
    return JSON.parse(stdout);
  }

  async #call(where, query, body) {
    const address = `${this.base}${where}?${new URLSearchParams(query)}`;
    const sent = body instanceof FormData ? body : JSON.stringify(body);
    const answer = await fetch(address, body && { method: "POST", body: sent });
    return answer.json();
  }

  async #authorized(where, query, body) {
    if (!this.#token) {
      const asked = { grant_type: "client_credential", appid: APPID, secret: SECRET };
      this.#token = (await this.#call("/cgi-bin/token", asked)).access_token;
    }
    return this.#call(where, { access_token: this.#token, ...query }, body);
  }

  async #done(where, query, body) {
    assert.deepEqual(await this.#authorized(where, query, body), { errcode: 0, errmsg: "ok" });
  }

  /** Sends a message to a customer as a program does. */
  send = (message) => this.#done("/cgi-bin/message/custom/send", {}, message);
  typing = (touser, command) => this.#done("/cgi-bin/message/custom/typing", {}, { touser, command });

  /** Uploads a file; answers its media id. */
  async upload(type, bytes, name) {
    const form = new FormData();
    form.append("media", new Blob([bytes]), name);
    const { media_id } = await this.#authorized("/cgi-bin/media/upload", { type }, form);
    assert.ok(media_id);
    return media_id;
  }

  /** An agent's picture. */
  async uploadPicture(kf_account, bytes) {
    const form = new FormData();
    form.append("media", new Blob([bytes]), "face.png");
    await this.#done("/customservice/kfaccount/uploadheadimg", { kf_account }, form);
  }

  /** Customers with these openids write, without a page. */
  async say(openids, text) {
    for (const openid of openids) {
      await this.order("customer", "say", "--appid", APPID, "--openid", openid, "--text", text);
    }
  }

  /** This many new customers write, each as if from a new browser. */
  arrive = (count, text) => inParallel(Array.from({ length: count }), () => this.#arrives(text));

  async #arrives(text) {
    const api = `${this.base}/chat/api/${APPID}`;
    const snapshot = await fetch(`${api}/snapshot`);
    const cookie = snapshot.headers
      .getSetCookie()
      .map((one) => one.split(";")[0])
      .join("; ");
    const headers = { "Content-Type": "application/json", Origin: this.base, Cookie: cookie };
    const body = JSON.stringify({ client_id: randomUUID(), text });
    const answer = await fetch(`${api}/message`, { method: "POST", headers, body });
    assert.equal(answer.status, 200, await answer.text());
  }

  addAgent = (kf_account, nickname) => this.#done("/customservice/kfaccount/add", {}, { kf_account, nickname });
  deleteAgent = (kf_account) => this.#done("/customservice/kfaccount/del", { kf_account });
  invite = (kf_account, invite_wx) =>
    this.#done("/customservice/kfaccount/inviteworker", {}, { kf_account, invite_wx });
  setAdmin = (kf_account) => this.#done("/customservice/kfaccount/setadmin", {}, { kf_account });
  createAll = (kf_account, openids) => inParallel(openids, (openid) => this.create(kf_account, openid));
  create = (kf_account, openid) => this.#done("/customservice/kfsession/create", {}, { kf_account, openid });
  close = (kf_account, openid) => this.#done("/customservice/kfsession/close", {}, { kf_account, openid });

  agents = async () => (await this.#authorized("/cgi-bin/customservice/getkflist", {})).kf_list;
  online = async () => (await this.#authorized("/cgi-bin/customservice/getonlinekflist", {})).kf_online_list;
  sessions = async (kf_account) =>
    (await this.#authorized("/customservice/kfsession/getsessionlist", { kf_account })).sessionlist;
  session = (openid) => this.#authorized("/customservice/kfsession/getsession", { openid });
  /** What a customer and the agents wrote, from the message records. */
  async said(openid) {
    const end = Math.floor(Date.now() / 1000) + 60;
    const asked = { starttime: end - 3600, endtime: end, msgid: 1, number: 10_000 };
    const { recordlist } = await this.#authorized("/customservice/msgrecord/getmsglist", {}, asked);
    const from = { 2002: "agent", 2003: "customer" };
    return recordlist
      .filter((one) => one.openid === openid && from[one.opercode])
      .map((one) => ({ from: from[one.opercode], text: one.text }));
  }

  waiting = () => this.#authorized("/customservice/kfsession/getwaitcase", {});
}
