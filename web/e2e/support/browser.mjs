// A real browser with one context for each person, and checks that apply to every page.
import { AxeBuilder } from "@axe-core/playwright";
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** axe checks this many rows of a list: the others are alike, and hundreds of rows take it 5 seconds. */
const ROWS = 12;
const LANGUAGES = [
  ["zh-CN", "light"],
  ["en", "dark"],
];

const FLAGS = [
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

const PROGRAM = { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: FLAGS };
const PERSON = { viewport: DESKTOP, locale: "en-GB", reducedMotion: "reduce" };

export const openBrowser = () => chromium.launch(PROGRAM);

/** A browser whose settings forbid cookies and all other storage. */
export async function openWithoutCookies(faults) {
  const folder = mkdtempSync(path.join(tmpdir(), "kefu-browser-"));
  mkdirSync(path.join(folder, "Default"));
  const settings = { profile: { default_content_setting_values: { cookies: 2 } } };
  writeFileSync(path.join(folder, "Default", "Preferences"), JSON.stringify(settings));
  const context = await chromium.launchPersistentContext(folder, { ...PROGRAM, ...PERSON });
  const close = async () => {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { page: await pageOf(context, faults), close };
}

/** A page in a browser context of its own. Errors of the page fail the test. */
export async function person(browser, faults) {
  return pageOf(await browser.newContext(PERSON), faults);
}

async function pageOf(context, faults) {
  if (process.env.PAGES) await serveBuilt(context);
  context.on("weberror", (fault) => faults.push(String(fault.error())));
  const page = await context.newPage();
  page.on("console", (line) => {
    // The browser reports every refused call; the server's tests check those.
    if (line.type() === "error" && !line.text().startsWith("Failed to load resource")) faults.push(line.text());
  });
  return page;
}

const BUILT = fileURLToPath(new URL("../../dist/", import.meta.url));

/** With PAGES set, pages come from `npm run build` instead of the program, so that no compiler is needed. */
async function serveBuilt(context) {
  const named = { "/desk/": "workbench.html", "/debug": "debug.html" };
  const isPage = ({ pathname }) => /^\/(desk\/(assets\/.*)?|chat\/[^/]+|debug)$/.test(pathname);
  await context.route(isPage, async (route) => {
    const { pathname } = new URL(route.request().url());
    const name = named[pathname] ?? (pathname.startsWith("/desk/") ? pathname.slice("/desk/".length) : "chat.html");
    const file = path.join(BUILT, name);
    if (!existsSync(file)) return route.fallback();
    if (!name.endsWith(".html")) return route.fulfill({ path: file });
    // With the server's own headers, so that the content security policy applies.
    await route.fulfill({ response: await route.fetch(), path: file });
  });
}

/** Checks a page in both languages, schemes and sizes; afterwards it is in English, on a desktop. */
export async function checkAppearance(page, state) {
  for (const [language, colorScheme] of LANGUAGES) {
    await switchLanguage(page, language);
    await checkBothSizes(page, `${state}, ${language}`, colorScheme);
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
}

/** Checks a page in one colour scheme and both sizes. */
export async function checkBothSizes(page, state, colorScheme) {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  for (const size of [DESKTOP, PHONE]) {
    await page.setViewportSize(size);
    const view = `${state}, ${colorScheme}, ${size.width} wide`;
    await axe(page, view);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= size.width, `${view}: nothing is wider than the window`);
  }
  await page.setViewportSize(DESKTOP);
}

/** Changes the language. An open dialog covers the button, so the click is sent to the button itself. */
export async function switchLanguage(page, language) {
  if ((await page.locator("html").getAttribute("lang")) === language) return;
  await page.locator("button[lang]").dispatchEvent("click");
  await page.locator(`html[lang="${language}"]`).waitFor();
}

async function axe(page, view) {
  // A page without frames needs no legacy tab: this mode finds the same and opens none.
  const builder = new AxeBuilder({ page }).setLegacyMode().exclude(`li:nth-child(n + ${ROWS + 1})`);
  const { violations } = await builder.analyze();
  const found = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`);
  assert.deepEqual(found, [], view);
}
