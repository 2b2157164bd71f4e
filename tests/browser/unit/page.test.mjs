/** @file The page's files: small, preloaded, and without anything that its policy forbids. */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

const root = new URL("../../../", import.meta.url);
const read = (path) => readFile(new URL(path, root), "utf8");
const html = await read("templates/index.html");
const files = (await readdir(new URL("static", root), { recursive: true })).map((path) => `static/${path}`);
const modules = files.filter((path) => path.endsWith(".js"));

test("every module is preloaded, and every file that the page names is there", async () => {
  const named = [...html.matchAll(/(?:href|src)="\/(static\/[^"]+)"/g)].map(([, path]) => path);
  for (const path of modules) assert.ok(named.includes(path), `${path} is not named in the page`);
  for (const path of named) assert.ok(files.includes(path), `${path} is named but not there`);
});

test("no code and no style stands in the page", () => {
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|<script(?![^>]+src=)/i);
});

test("text reaches the page as text only", async () => {
  for (const path of modules) assert.doesNotMatch(await read(path), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/, path);
});

test("every import is there", async () => {
  for (const path of modules) {
    for (const [, target] of (await read(path)).matchAll(/^import .* from "(.+)";$/gm)) {
      const file = new URL(target, new URL(path, root)).pathname.slice(root.pathname.length);
      assert.ok(modules.includes(file), `${path} imports ${target}`);
    }
  }
});

test("elements never see the socket", async () => {
  for (const path of modules.filter((name) => name.includes("/elements/"))) {
    assert.doesNotMatch(await read(path), /WebSocket|client\.js|connection\.js"/, path);
  }
});

test("a file is one concept: at most 300 lines", async () => {
  for (const path of files.filter((name) => /\.(js|css|ts)$/.test(name))) {
    assert.ok((await read(path)).split("\n").length <= 300, path);
  }
});
