// The README's robot, an unmodified WeRoBot, answers customers and hands them over to the agents.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.mjs";
import { AGENT, onlineWorker, scene } from "../support/scene.mjs";
import { APPID } from "../support/server.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const python = path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "conformance/python-more/bin/python");

/** A port that is free at this moment. */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts the robot of the README; answers its address. */
async function robot(t) {
  execFileSync(path.join(root, "tests/conformance/run"), ["--install"], { stdio: "inherit" });
  const [, code] = /```python\n(.*?)```/s.exec(readFileSync(path.join(root, "README.md"), "utf8"));
  const port = await freePort();
  assert.ok(code.includes("port=8888"), "the README's robot names its port");
  const child = spawn(python, ["-B", "-c", code.replace("port=8888", `port=${port}`)], { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}/`;
  await eventually("the robot listens", async () => {
    assert.equal(child.exitCode, null, "the robot ended");
    await fetch(url);
  });
  return url;
}

test("a robot answers, hands over at 人工, and stays silent while an agent serves the customer", async (t) => {
  const url = await robot(t);
  const people = await scene(t);
  const { server } = people;
  await server.order("account", "callback", "--appid", APPID, "--url", url, "--token", "secret7");
  const worker = await onlineWorker(people);
  const customer = await people.customer();
  await customer.at();
  await customer.says("你好");
  await customer.seesMessage("机器人：你好");
  assert.deepEqual(await server.sessions(AGENT), [], "the robot alone serves the customer");

  await customer.says("人工");
  const openid = await eventually("the agent has the customer", async () => {
    const [session] = await server.sessions(AGENT);
    assert.ok(session);
    return session.openid;
  });
  await worker.session(openid).click();
  await worker.seesMessage("人工");
  await worker.says("您好，我是小美");
  await customer.seesMessage("您好，我是小美");
  await customer.says("谢谢");
  await worker.seesMessage("谢谢");
  assert.ok(!(await customer.messages()).includes("机器人：谢谢"), "the robot is not asked during a session");
});
