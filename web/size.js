// Prints the gzipped size of each page's scripts and styles, which its HTML names, and fails above the limit.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const limits = { "workbench.html": 80_000, "chat.html": 40_000, "debug.html": 40_000 };
const dist = new URL("./dist/", import.meta.url);
let failed = false;

for (const [page, limit] of Object.entries(limits)) {
  const html = readFileSync(new URL(page, dist), "utf8");
  const files = [...html.matchAll(/(?:src|href)="\/desk\/([^"]+\.(?:js|css))"/g)].map((match) => match[1]);
  const bytes = [...new Set(files)].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0);
  const verdict = bytes <= limit ? "ok" : "TOO LARGE";
  failed ||= bytes > limit || bytes === 0;
  console.log(`${page.padEnd(16)} ${(bytes / 1000).toFixed(1).padStart(6)} kB gzip of ${limit / 1000} kB  ${verdict}`);
}
process.exit(failed ? 1 : 0);
