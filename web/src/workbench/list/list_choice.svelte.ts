/** The list that a supervisor sees. The browser stores the choice. */

export const LISTS = ["own", "others"] as const;
export type ListName = (typeof LISTS)[number];

const KEY = "kefu.lists";

function readStored(): ListName {
  try {
    return LISTS.find((one) => one === localStorage.getItem(KEY)) ?? "own";
  } catch {
    return "own"; // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

class ListChoice {
  list: ListName = $state(readStored());

  choose(list: ListName): void {
    this.list = list;
    try {
      localStorage.setItem(KEY, list);
    } catch {
      // The choice lasts as long as the page.
    }
  }
}

export const listChoice = new ListChoice();
