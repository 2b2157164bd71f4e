/**
 * @file Debian's chromium, driven by playwright-core; and people, who each have a window of their own.
 */
import { chromium } from "playwright-core";
import { Person } from "./person.mjs";

const ARGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"];

/** @returns the browser, to be closed by who asked for it */
export function openBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
}

/**
 * A person with a window, storage and a record of what went wrong in it.
 * @param options as for a browser context: viewport, colorScheme, locale …
 */
export async function person(browser, url, nick, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
  context.setDefaultTimeout(20_000);
  return new Person(await context.newPage(), url, nick);
}
