/** Texts about transfers, their notes, and groups of agents. */
import type { SameKeys } from "../language.svelte";
import { spaced } from "../spaced";

export const zhTransfer = {
  open: "转接…",
  openOf: (customer: string) => spaced`转接${customer}`,
  title: (customer: string) => spaced`将${customer}转接给…`,
  filter: "筛选同事或分组",
  colleagues: "同事",
  groups: "分组",
  everyone: "所有客服",
  sessions: (open: number, limit: number) => `会话 ${open} 个，上限 ${limit} 个`,
  online: (online: number, members: number) => `${online}/${members} 人在线`,
  noMembers: "没有成员",
  waiting: (count: string) => `${count} 位客户等待`,
  noMatch: "没有匹配的同事或分组",
  empty: "没有其他在线的客服",
  emptyHint: "请稍后再试，或继续由当前客服接待。",
  choose: "请选择同事或分组",
  toAgent: (nickname: string) => spaced`${nickname}可以看到之前的聊天记录。`,
  toFull: (nickname: string) => spaced`${nickname}的会话已达上限，仍可转接。`,
  toGroup: (group: string) => `客户将在“${group}”中排队，由空闲的成员接待。`,
  toAbsent: (group: string) => `“${group}”没有成员在线，客户会一直等待，直到有成员上线。`,
  toEmpty: (group: string) => `“${group}”还没有成员，客户会一直等待，直到有客服加入。`,
  toEveryone: () => "客户将重新排队，由下一位空闲的客服接待。",
  note: "备注（可选）",
  noteHint: "仅客服可见，客户看不到。",
  left: (count: number) => (count >= 0 ? `还可输入 ${count} 字` : `超出 ${-count} 字，请缩短`),
  submit: "转接",
  busy: "正在转接…",
  moved: "该会话已被转走或已结束。",
  kept: "您写的备注仍保留在这里。",
  gone: (customer: string) => spaced`${customer}已由其他客服接待`,
};

export const zhNote = {
  title: "内部备注",
  toAgent: (author: string, agent: string) => spaced`${author}转接给${agent}`,
  toGroup: (author: string, group: string) => spaced`${author}转接到“${group}”`,
  toEveryone: (author: string) => spaced`${author}转接给所有客服`,
  deletedGroup: "已删除的分组",
  you: "您",
};

export const zhGroups = {
  open: "分组",
  title: "客服分组",
  hint: "每个分组单独排队，由其成员接待；成员也接待不属于任何分组的客户。",
  emptyTitle: "还没有分组",
  emptyHint: "分组用于分工接待，例如售前和售后。客户通过菜单选项、程序或转接进入分组，由其成员接待。",
  members: (count: number) => `${count} 名成员`,
  menu: (id: string) => spaced`菜单选项“${id}”`,
  edit: (group: string) => `编辑“${group}”`,
  back: "返回",
  add: "添加分组",
  name: "名称",
  menuId: "菜单选项（可选）",
  menuHint: "客户在菜单消息中点选此 ID 的选项后，进入该分组。",
  save: "保存",
  saved: "已保存",
  membersTitle: "成员",
  noAgents: "该账号还没有客服",
  remove: "删除分组…",
  removeTitle: (group: string) => `删除“${group}”？`,
  removeText: (waiting: number) =>
    (waiting > 0 ? `正在等待的 ${waiting} 位客户会保留位置，` : "之后等待的客户会") +
    "由所有客服接待。正在进行的会话不受影响。",
  removeYes: "删除分组",
  done: "完成",
  comma: "、",
  own: (groups: string) => `所在分组：${groups}`,
  ownNone: "您不属于任何分组。",
};

export const enTransfer: SameKeys<typeof zhTransfer> = {
  open: "Transfer…",
  openOf: (customer) => `Transfer ${customer}`,
  title: (customer) => `Transfer ${customer} to…`,
  filter: "Filter colleagues and groups",
  colleagues: "Colleagues",
  groups: "Groups",
  everyone: "All agents",
  sessions: (open, limit) => `${open} of ${limit} sessions`,
  online: (online, members) => `${online} of ${members} online`,
  noMembers: "No members",
  waiting: (count) => `${count} waiting`,
  noMatch: "No colleague or group matches",
  empty: "No other colleague is online",
  emptyHint: "Try again later, or leave the session with its current agent.",
  choose: "Choose a colleague or a group",
  toAgent: (nickname) => `${nickname} sees all earlier messages.`,
  toFull: (nickname) => `${nickname} has as many sessions as the limit, and gets this one on top.`,
  toGroup: (group) => `The customer waits in “${group}” for a member who is free.`,
  toAbsent: (group) => `No member of “${group}” is online: the customer waits until one is.`,
  toEmpty: (group) => `“${group}” has no members: the customer waits until an agent joins it.`,
  toEveryone: () => "The customer waits for the next agent who is free.",
  note: "Note (optional)",
  noteHint: "Only agents read it, never the customer.",
  left: (count) => {
    const characters = Math.abs(count) === 1 ? "1 character" : `${Math.abs(count)} characters`;
    return count >= 0 ? `${characters} left` : `${characters} too long, shorten the note`;
  },
  submit: "Transfer",
  busy: "Transferring…",
  moved: "This session was moved or closed in the meantime.",
  kept: " Your note is kept here.",
  gone: (customer) => `${customer} is now served by another agent`,
};

export const enNote: SameKeys<typeof zhNote> = {
  title: "Internal note",
  toAgent: (author, agent) => `from ${author} to ${agent}`,
  toGroup: (author, group) => `from ${author} to “${group}”`,
  toEveryone: (author) => `from ${author} to all agents`,
  deletedGroup: "a deleted group",
  you: "you",
};

export const enGroups: SameKeys<typeof zhGroups> = {
  open: "Groups",
  title: "Groups of agents",
  hint: "Each group has a queue of its own, served by its members. They also serve customers who are in no group.",
  emptyTitle: "No groups yet",
  emptyHint:
    "Groups divide the work, such as pre-sale and after-sale. A customer gets into a group by a menu choice, " +
    "by a program or by a transfer, and its members serve the customer.",
  members: (count) => (count === 1 ? "1 member" : `${count} members`),
  menu: (id) => `menu choice “${id}”`,
  edit: (group) => `Edit “${group}”`,
  back: "Back",
  add: "Add group",
  name: "Name",
  menuId: "Menu choice (optional)",
  menuHint: "A customer who chooses the item with this id in a menu gets into the group.",
  save: "Save",
  saved: "Saved",
  membersTitle: "Members",
  noAgents: "The account has no agents yet",
  remove: "Delete group…",
  removeTitle: (group) => `Delete “${group}”?`,
  removeText: (waiting) =>
    (waiting > 1
      ? `Its ${waiting} customers who wait keep their places, and `
      : waiting === 1
        ? "Its customer who waits keeps the place, and "
        : "From then on ") + "all agents serve its customers. Open sessions stay with their agents.",
  removeYes: "Delete group",
  done: "Done",
  comma: ", ",
  own: (groups) => `Your groups: ${groups}`,
  ownNone: "You are in no group.",
};
