/** How far each session has been read, remembered by this browser and shared between its tabs. */

const KEY = "kefu.read";
const KEPT_MAX = 500;

type Marks = Record<string, number>;

function saved(): Marks {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Marks;
  } catch {
    return {};
  }
}

class Read {
  #marks: Marks = $state.raw(saved());

  constructor() {
    addEventListener("storage", (event) => {
      if (event.key === KEY) this.#marks = saved();
    });
  }

  upTo(appid: string, session: number): number {
    return this.#marks[`${appid}:${session}`] ?? 0;
  }

  mark(appid: string, session: number, message: number): void {
    if (message <= this.upTo(appid, session)) return;
    const { [`${appid}:${session}`]: _, ...others } = this.#marks;
    const kept = Object.entries(others).slice(-KEPT_MAX);
    this.#marks = { ...Object.fromEntries(kept), [`${appid}:${session}`]: message };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#marks));
    } catch {
      // Storage may be full or forbidden; the marks then last as long as the page.
    }
  }
}

export const read = new Read();
