/** @file The page's files: small, preloaded, and without anything that its policy forbids. */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

const root = new URL("../../../", import.meta.url);
const read = (path) => readFile(new URL(path, root), "utf8");
const html = await read("templates/index.html");
const files = (await readdir(new URL("static", root), { recursive: true })).map((path) => `static/${path}`);
const modules = files.filter((path) => path.endsWith(".js"));

const importsOf = async (path, pattern) =>
  [...(await read(path)).matchAll(pattern)].map(([, target]) => new URL(target, new URL(path, root)).pathname.slice(root.pathname.length));
const atOnce = (path) => importsOf(path, /^import .* from "(.+)";$/gm);
const later = (path) => importsOf(path, /\bimport\("(.+?)"\)(?!\.)/g);

/** The modules that a page loads before it runs. */
async function loadedAtOnce(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const target of await atOnce(path)) await loadedAtOnce(target, found);
  return found;
}

test("what the page needs at once is preloaded, what it needs later is not, and every file that it names is there", async () => {
  const named = [...html.matchAll(/(?:href|src)="\/(static\/[^"]+)"/g)].map(([, path]) => path);
  const needed = await loadedAtOnce("static/js/main.js");
  for (const path of modules) assert.equal(named.includes(path), needed.has(path), path);
  for (const path of named) assert.ok(files.includes(path), `${path} is named but not there`);
});

test("no code and no style stands in the page", () => {
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|<script(?![^>]+src=)/i);
});

test("text reaches the page as text only", async () => {
  for (const path of modules) assert.doesNotMatch(await read(path), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/, path);
});

test("every import is there, and every module is imported", async () => {
  const imported = new Set(["static/js/main.js"]);
  for (const path of modules) {
    for (const target of [...(await atOnce(path)), ...(await later(path))]) {
      assert.ok(modules.includes(target), `${path} imports ${target}`);
      imported.add(target);
    }
  }
  assert.deepEqual(modules.filter((path) => !imported.has(path)), []);
});

test("elements never see the socket", async () => {
  for (const path of modules.filter((name) => name.includes("/elements/"))) {
    assert.doesNotMatch(await read(path), /WebSocket|XMLHttpRequest|\bfetch\(|client\.js|connection\.js"/, path);
  }
});

test("a file is one concept: at most 300 lines", async () => {
  for (const path of files.filter((name) => /\.(js|css|ts)$/.test(name))) {
    assert.ok((await read(path)).split("\n").length <= 300, path);
  }
});
