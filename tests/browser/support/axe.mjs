/** @file axe-core over a page as it stands; it must find nothing. */
import assert from "node:assert/strict";
import axe from "axe-core";

const TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"];

export async function axeFindsNothing(page, view) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags }), TAGS);
  const found = violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}\n    ${node.html}\n    ${node.any[0]?.message ?? ""}`));
  assert.deepEqual(found, [], view);
}

/** No part of the page is wider than the window. */
export async function fitsItsWidth(page, view) {
  const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(widths[0] <= widths[1], `${view} is ${widths[0]} px wide in a window of ${widths[1]}`);
}
