/** Folds snapshots and changes into the state of the customer page. All functions are pure. */
import type { Change, ChatFact, ChatSnapshot, ChatState, Message, ServingAgent } from "../wire";
import { addById, joinSnapshot } from "../stream/messages";

export interface Chat {
  name: string;
  epoch: string;
  state: ChatState;
  /** "" until the customer has written for the first time. */
  since: string;
  /** The agent of the session. */
  agent: ServingAgent | null;
  /** Whether the customer waits again after an agent has left. */
  left: boolean;
  messages: Message[];
  complete: boolean;
  seq: number;
  /** Whether the page shows that an agent is typing. */
  typing: boolean;
}

export function loadChat(snapshot: ChatSnapshot, before: Chat | null, page: number): Chat {
  const known = before?.epoch === snapshot.epoch ? before.messages : [];
  const messages = joinSnapshot(known, snapshot.messages);
  const hasHistory = messages.length > snapshot.messages.length;
  const { session } = messages.at(-1) ?? {};
  // Only what an agent wrote at the workbench has a `client_id`.
  const wasServed = messages.some((one) => one.session === session && one.from === "agent" && one.client_id);
  return {
    name: snapshot.account.name,
    epoch: snapshot.epoch,
    since: snapshot.since,
    state: snapshot.state,
    agent: snapshot.agent,
    left: waitsAgain(before, snapshot.state) || (wasServed && snapshot.state === "waiting"),
    messages,
    complete: hasHistory ? before!.complete : snapshot.messages.length < page,
    seq: 0,
    typing: false,
  };
}

export function foldChatChange(chat: Chat, change: Pick<Change<ChatFact>, "seq" | "facts">): Chat {
  return change.seq <= chat.seq ? chat : { ...change.facts.reduce(applyChatFact, chat), seq: change.seq };
}

function applyChatFact(chat: Chat, fact: ChatFact): Chat {
  return "message" in fact
    ? { ...addChatMessages(chat, [fact.message]), typing: chat.typing && fact.message.from === "customer" }
    : { ...chat, ...fact.session, left: waitsAgain(chat, fact.session.state) };
}

const waitsAgain = (before: Chat | null, state: ChatState): boolean =>
  state === "waiting" && (before?.state === "open" || before?.left === true);

/** The state after messages from an answer or from history; `complete`: there is nothing older. */
export function addChatMessages(chat: Chat, more: Message[], complete = chat.complete): Chat {
  return { ...chat, messages: addById(chat.messages, more), complete };
}
