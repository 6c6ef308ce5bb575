/** Pure steps over the list of pushes: newest first, each once. */
import type { PushRow } from "../../wire";

/** A push's id is the number of its change and the position in it. */
function parts(id: string): [number, number] {
  const [seq = "0", fact = "0"] = id.split(".");
  return [Number(seq), Number(fact)];
}

function newestFirst(a: PushRow, b: PushRow): number {
  const [[aSeq, aFact], [bSeq, bFact]] = [parts(a.id), parts(b.id)];
  return bSeq - aSeq || bFact - aFact;
}

/** The pushes of the latest page that are not shown yet. They end in another order than they begin. */
export function missing(latest: PushRow[], shown: PushRow[]): PushRow[] {
  const known = new Set(shown.map((one) => one.id));
  return latest.filter((one) => !known.has(one.id));
}

/** All pushes of both lists. */
export function merge(some: PushRow[], others: PushRow[]): PushRow[] {
  return [...missing(some, others), ...others].sort(newestFirst);
}
