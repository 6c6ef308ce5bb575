import type { DeskText } from "./desk.svelte";
import type { Text } from "./language.svelte";

export const en: Text = {
  lang: "en",
  other: "中文",
  loading: "Loading…",
  retry: "Try again",
  reconnecting: "Connection lost. Reconnecting…",
  down: { title: "The server cannot be reached", hint: "Check your network. This page goes on by itself once it is back." },

  log: {
    label: "Messages",
    you: "You",
    older: "Loading older messages…",
    olderFailed: "Older messages could not be loaded",
    fresh: "New messages",
    sending: "Sending…",
    failed: (why) => `Not sent: ${why}`,
    again: "Send again",
  },

  composer: {
    send: "Send",
    left: (bytes) => (bytes >= 0 ? `${bytes} bytes left` : `${-bytes} bytes too long`),
  },

  chat: {
    title: (name) => `Contact ${name}`,
    page: "Customer service",
    none: "How can we help?",
    waiting: "Thank you. We’ll be with you soon",
    open: (nickname) => `You are talking with ${nickname}`,
    closed: "Conversation ended. Write again any time",
    emptyTitle: "Hello!",
    emptyText: "Write your question below. Replies appear here, and they are still here when you come back later.",
    message: "Message",
    placeholder: "Write a message…",
    customerService: "Customer service",
    unknownTitle: "There is no such customer service page",
    unknownText: "The link may be incomplete or no longer in use. Please ask the business for its address.",
  },

  time: {
    now: "now",
    minutes: (n) => `${n} min`,
    hours: (n) => `${n} h`,
    days: (n) => (n === 1 ? "1 day" : `${n} days`),
    moments: "under a minute",
    today: "Today",
    yesterday: "Yesterday",
  },

  errors: {
    0: "The server cannot be reached. Check your network and try again",
    990001: "The request was not valid",
    990002: "Your login has ended. Please log in again",
    990003: "You may not do this",
    990004: "Not found",
    990005: "Something else happened meanwhile. Reload and try again",
    990006: "Too many tries. Please wait a moment",
    990007: "That is too large",
    990008: "The server is busy. Please try again in a moment",
    990009: "The server failed. Please try again in a moment",
    990010: "Wrong name or password",
    990011: "This name is taken",
    990012: "This sign-up link is invalid, used or expired",
    990013: "The password is too short: at least 8 characters",
    990014: "Another agent has taken this customer",
    990015: "The session is closed",
    990016: "The 48 hours for a reply are over",
    990017: "This invitation is no longer valid",
    990018: "You are bound to too many accounts already",
    990019: "The message is empty or too long (2048 bytes at most)",
    990020: "Malformed name: 1 to 20 letters, digits, _ or -",
    990021: "This desk does not know itself by this name",
    990022: "This colleague is not online any more. Choose another",
  },

  unknownError: (message) => (message ? `That did not work: ${message}` : "That did not work"),
};

export const enDesk: DeskText = {
  desk: "Customer service desk",
  dismiss: "Dismiss",

  login: {
    title: "Log in to the desk",
    name: "Name",
    password: "Password",
    submit: "Log in",
    busy: "Logging in…",
    hint: "No login yet? Ask your operator for a sign-up link.",
    out: "Sign out",
  },

  logins: {
    open: "Show where you are logged in",
    title: "Where you are logged in",
    hint: "End a login you do not know at once, and ask your operator for a new password.",
    unknown: "Unknown browser",
    current: "This browser",
    lately: "used within the last hour",
    used: (when) => `last used: ${when}`,
    end: "End",
    endOf: (browser) => `End the login of ${browser}`,
    endOthers: "End all others",
    alone: "You are logged in nowhere else.",
    close: "Done",
  },

  signup: {
    title: "Create your login",
    hint: "You opened a sign-up link that works once. Choose a name and a password.",
    nameHint: "1 to 20 characters: letters, digits, _ or -",
    passwordHint: "At least 8 characters",
    submit: "Create login",
    busy: "Creating…",
    instead: "I have a login already",
  },

  accounts: "Accounts",
  worker: (name) => `Logged in as ${name}`,
  presence: { online: "Online", away: "Away", offline: "Offline", label: "Available" },

  invitations: {
    title: "Invitations",
    text: (account, nickname) => `“${account}” invites you to be its agent “${nickname}”`,
    expires: (when) => `Expires in ${when}`,
    expired: "Expired",
    accept: "Accept",
    decline: "Decline",
    acceptOf: (account) => `Accept the invitation of ${account}`,
    declineOf: (account) => `Decline the invitation of ${account}`,
    emptyTitle: "Waiting for an invitation",
    emptyText: (name) =>
      `The administrator of an official account or mini program makes you one of its agents by an invitation. Tell them your name, “${name}”. The invitation will appear here; accept it to start.`,
  },

  customer: (tail) => `Customer ${tail}`,

  waiting: {
    title: "Waiting",
    since: (time) => `Waiting ${time}`,
    take: "Take",
    takeOf: (customer) => `Take ${customer}`,
    empty: "Nobody is waiting",
    more: (count) => `${count} more in the queue`,
  },

  mine: {
    title: "My sessions",
    empty: "No open sessions",
    emptyHint: "Customers you take appear here",
    unread: (count) => `${count} unread`,
    you: "You: ",
  },

  others: {
    title: "All sessions",
    empty: "No colleague has an open session",
    more: "Show more",
    agent: (nickname) => `with ${nickname}`,
    reading: (nickname) => `${nickname} serves this customer`,
    readingHint: "You are reading along. Take the session over to reply.",
    take: "Take over",
  },

  transfer: {
    open: "Transfer…",
    openOf: (customer) => `Transfer ${customer}`,
    title: (customer) => `Transfer ${customer} to…`,
    hint: "Colleagues who are online. Whoever gets the session sees the conversation so far.",
    to: (nickname) => `Transfer to ${nickname}`,
    sessions: (count) => (count === 1 ? "1 session" : `${count} sessions`),
    empty: "No other colleague is online",
    emptyHint: "Try again when somebody is back, or leave the session where it is.",
    gone: (customer) => `${customer} is served by another agent now`,
  },

  conversation: {
    noneTitle: "Choose a session",
    noneText: "Open one from the list, or take a customer who is waiting.",
    region: (customer) => `Conversation with ${customer}`,
    opened: (time) => `Taken at ${time}`,
    back: "Back to the list",
    close: "Close session",
    closeTitle: "Close this session?",
    closeText: "The customer can write again at any time, which starts a new session.",
    cancel: "Cancel",
    closed: "This session is closed",
    closedHint: "A new one starts when the customer writes again.",
    reply: "Reply",
    placeholder: "Write a reply. Enter sends, Shift+Enter starts a new line",
    placeholderShort: "Write a reply…",
  },
};
