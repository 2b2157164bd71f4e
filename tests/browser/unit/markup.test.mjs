/** @file Light markup: what is marked, what stays as written, what becomes a link. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../../../static/js/model/markup.js";

const flat = (parts) => parts.map((part) => ("parts" in part ? `<${part.kind}>${flat(part.parts)}</>` : part.kind === "text" ? part.text : `<${part.kind}>${part.text}</>`)).join("");
const shows = (text, expected) => assert.equal(flat(parse(text)), expected);

test("marks mark", () => {
  shows("a **b** c", "a <bold>b</> c");
  shows("*a* and _b_", "<italic>a</> and <italic>b</>");
  shows("**a *b* c**", "<bold>a <italic>b</> c</>");
  shows("use `a*b*c` so", "use <code>a*b*c</> so");
  shows("```js\nlet a = 1;\n```", "<block>let a = 1;</>");
});

test("what only looks like a mark stays", () => {
  for (const text of ["2 * 3 * 4", "snake_case_name", "2*3*4", "**", "****", "* a *", "`", "```", "_", "a ** b", "\\o/ ***", "_ _"]) shows(text, text);
});

test("http and https become links, without what follows them", () => {
  shows("see https://a.example/b_c(d).", "see <link>https://a.example/b_c(d)</>.");
  shows("(http://a.example)", "(<link>http://a.example</>)");
  shows("看https://a.example，", "看<link>https://a.example</>，");
  for (const text of ["javascript:alert(1)", "http://", "https:// x", "data:text/html,x"]) shows(text, text);
});

test("no character is lost from naughty text", () => {
  for (const text of ["<script>alert(1)</script>", "\u202eabc", "Z̴̡̛", "👩‍👩‍👧", "\0\u0001", "line\n\n\nline", " lead and trail "]) shows(text, text);
});

test("a hostile text is parsed in no time", () => {
  const started = performance.now();
  for (const piece of ["*a ", "**a ", "`a", "```a", "_a ", "*_", "http://a", "**_*"]) parse(piece.repeat(Math.ceil(4000 / piece.length)));
  assert.ok(performance.now() - started < 1_000);
});
