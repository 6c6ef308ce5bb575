import { describe, expect, it } from "vitest";
import type { Message } from "../wire";
import { addChatMessages, foldChatChange, loadChat } from "./chat_feed";
import { message } from "../stream/feed_fixture";

describe("the customer page's feed", () => {
  const empty = () =>
    loadChat({ account: { name: "Shop" }, epoch: "e", since: "", state: "none", agent: null, messages: [] }, null, 50);

  it("has a message once, however often it comes", () => {
    const echo = message(1, 1, { client_id: "c1" });
    const next = foldChatChange(empty(), { seq: 1, facts: [{ message: echo }] });
    expect(addChatMessages(next, [echo]).messages).toEqual([echo]);
  });

  it("drops messages of another epoch, because their numbers mean other messages now", () => {
    const before = addChatMessages(empty(), [message(1, 1), message(2, 1), message(3, 1)]);
    const account = { name: "Shop" };
    const restored = { account, since: "", state: "open" as const, agent: null, messages: [message(1, 1)] };
    const snapshot = (epoch: string) => ({ ...restored, epoch });
    expect(loadChat(snapshot("e"), before, 50).messages.map((one) => one.id)).toEqual([1, 2, 3]);
    const next = loadChat(snapshot("other"), before, 50);
    expect(next.messages.map((one) => one.id)).toEqual([1]);
  });

  it("knows who is in charge, and ignores what it has heard", () => {
    const ann = { nickname: "Ann", online: true };
    const change = { seq: 4, facts: [{ session: { state: "open" as const, agent: ann } }] };
    const taken = foldChatChange(empty(), change);
    expect([taken.state, taken.agent]).toEqual(["open", ann]);
    const closed = foldChatChange(taken, { seq: 5, facts: [{ session: { state: "closed", agent: null } }] });
    expect([closed.state, closed.agent]).toEqual(["closed", null]);
    expect(foldChatChange(closed, change)).toBe(closed);
  });

  it("knows that a customer waits again after an agent has left, also after the page was loaded anew", () => {
    const fact = (seq: number, state: "waiting" | "open") => ({ seq, facts: [{ session: { state, agent: null } }] });
    const waiting = foldChatChange(empty(), fact(1, "waiting"));
    const again = foldChatChange(foldChatChange(waiting, fact(2, "open")), fact(3, "waiting"));
    expect([waiting.left, again.left]).toEqual([false, true]);
    expect(foldChatChange(again, fact(4, "open")).left).toBe(false);
    const loads = (before: typeof again | null, messages: Message[]) =>
      loadChat({ ...empty(), account: { name: "Shop" }, state: "waiting", messages }, before, 50).left;
    expect(loads(again, [message(1, 1)])).toBe(true);
    expect(loads(null, [message(1, 1)])).toBe(false);
    const answer = message(2, 1, { from: "agent", client_id: "c" });
    expect(loads(null, [message(1, 1), answer, message(3, 1)])).toBe(true);
    expect(loads(null, [message(1, 1), answer, message(3, 2)]), "of an earlier session").toBe(false);
    expect(loads(null, [message(1, 1), message(2, 1, { from: "agent" })]), "by a program").toBe(false);
  });
});
