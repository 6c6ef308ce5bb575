/** Makes a list one Tab stop, whatever its length; arrows, Home and End move between its items. */

const isOwn = (button: HTMLElement) => !button.closest("dialog");
const buttonsOf = (item: Element) => [...item.querySelectorAll<HTMLElement>("button")].filter(isOwn);

/** For a `ul` whose items have buttons: Tab reaches the buttons of one item, arrows lead to the other items. */
export function roving(list: HTMLElement): () => void {
  let current: Element | null = null;

  function mark() {
    const items = [...list.children];
    if (!current?.isConnected) current = list.querySelector("[aria-current]")?.closest("li") ?? items[0] ?? null;
    for (const item of items) for (const button of buttonsOf(item)) button.tabIndex = item === current ? 0 : -1;
  }

  function focused(event: FocusEvent) {
    current = [...list.children].find((item) => item.contains(event.target as Node)) ?? current;
    mark();
  }

  function walk(event: KeyboardEvent) {
    const items = [...list.children];
    const target = event.target as HTMLElement;
    const at = items.findIndex((item) => item.contains(target));
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
    const next = items[steps[event.key] ?? -1];
    if (!next || !isOwn(target)) return;
    event.preventDefault();
    const buttons = buttonsOf(next);
    (buttons[buttonsOf(items[at]!).indexOf(target)] ?? buttons[0])?.focus();
  }

  const watch = new MutationObserver(mark);
  watch.observe(list, { childList: true, subtree: true });
  list.addEventListener("focusin", focused);
  list.addEventListener("keydown", walk);
  mark();
  return () => watch.disconnect();
}
