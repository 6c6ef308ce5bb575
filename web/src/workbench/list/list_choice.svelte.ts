/** Which of a supervisor's lists is in front. The browser remembers it. */

export const LISTS = ["own", "others"] as const;
export type List = (typeof LISTS)[number];

const KEY = "kefu.lists";

function stored(): List {
  try {
    return LISTS.find((one) => one === localStorage.getItem(KEY)) ?? "own";
  } catch {
    return "own"; // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

class Shown {
  list: List = $state(stored());

  choose(list: List): void {
    this.list = list;
    try {
      localStorage.setItem(KEY, list);
    } catch {
      // See above.
    }
  }
}

export const shown = new Shown();
