const LOOK_AGAIN_MS = 50;
const PATIENCE_MS = 15_000;

/** Runs `look` until it does not throw, and answers its result; after `patience` ms throws its last error. */
export async function eventually(what, look, patience = PATIENCE_MS) {
  const end = performance.now() + patience;
  for (;;) {
    try {
      return await look();
    } catch (cause) {
      if (performance.now() > end) throw new Error(`${what}: not within ${patience} ms: ${cause.message}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
