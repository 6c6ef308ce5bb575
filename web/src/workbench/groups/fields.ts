/** At which field of a group a refusal is shown. */
import { Refused } from "../../api";
import type { Group } from "../../wire";

export type Field = "name" | "menu" | "group";

const [NAME, MENU, TAKEN] = [990039, 990040, 990042];

/** `name`: what was sent; `others`: the groups besides the one that was to change. */
export function fieldOf(cause: unknown, name: string, others: Group[]): Field {
  if (!(cause instanceof Refused)) return "group";
  if (cause.errcode === NAME) return "name";
  if (cause.errcode === MENU) return "menu";
  // The server has one code for a name and for a menu choice that another group has.
  if (cause.errcode === TAKEN) return others.some((one) => one.name === name.trim()) ? "name" : "menu";
  return "group";
}
