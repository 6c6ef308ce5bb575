import { expect, it } from "vitest";
import wire from "../../wire.ts?raw";
import type { AgentReason, MissedReason, WaitReason } from "../../wire";
import { enDesk } from "../en";
import { zhDesk } from "../zh";

/** The words of a type that is a choice of words, from the file that the server's types are written to. */
function wordsOf(type: string): string[] {
  const [, choice = ""] = new RegExp(`export type ${type} =([^;]+);`).exec(wire) ?? [];
  return [...choice.matchAll(/"(\w+)"/g)].map(([, word]) => word!).sort();
}

type Texts<Reason extends string> = Record<Reason, string>;

it.each([
  ["Chinese", zhDesk],
  ["English", enDesk],
])("has a sentence for every reason, in %s", (_, { why, missed }) => {
  // The types hold that no text is missing; the words, that the types are those of the server.
  const waiting: Texts<WaitReason> = why.waiting;
  const [agent, idle]: Texts<AgentReason>[] = [why.agent, why.idle];
  const reasons: Texts<MissedReason> = missed.reasons;
  expect(wordsOf("WaitReason").length).toBeGreaterThan(5);
  expect(Object.keys(waiting).sort()).toEqual(wordsOf("WaitReason"));
  expect(Object.keys(agent!).sort()).toEqual(wordsOf("AgentReason"));
  expect(Object.keys(idle!).sort()).toEqual(wordsOf("AgentReason"));
  expect(Object.keys(reasons).sort()).toEqual(wordsOf("MissedReason"));
  const texts = [waiting, agent!, idle!, reasons].flatMap((one) => Object.values(one));
  expect(texts.filter((text) => text.trim() === "")).toEqual([]);
  for (const table of [waiting, idle!]) expect(new Set(Object.values(table)).size).toBe(Object.keys(table).length);
});
