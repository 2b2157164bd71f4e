/**
 * @file The real server, as tests use it: started on a free port with its own
 * data, killed without mercy, started again in the same place.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BIN = process.env.PARLOR_BIN ?? fileURLToPath(new URL("../../../target/release/parlor", import.meta.url));

export class Parlor {
  #data;
  #settings;
  #process = null;
  /** `host:port`, the same for the whole test. */
  address = "127.0.0.1:0";

  constructor(data, settings) {
    this.#data = data;
    this.#settings = settings.flatMap((setting) => ["--set", setting]);
  }

  /** A server with a data directory of its own. Settings are `key=value`. */
  static async start(...settings) {
    const data = await mkdtemp(join(tmpdir(), "parlor-browser-"));
    const parlor = new Parlor(data, settings);
    await parlor.start();
    return parlor;
  }

  get url() {
    return `http://${this.address}/`;
  }

  /** Resolves once the server says that it is open. */
  async start() {
    const args = ["--listen", this.address, "--data", this.#data, ...this.#settings];
    this.#process = spawn(BIN, args, { stdio: ["ignore", "pipe", "inherit"], cwd: this.#data });
    const lines = createInterface({ input: this.#process.stdout });
    const [line] = await Promise.race([once(lines, "line"), died(this.#process)]);
    this.address = /^Parlor is open: http:\/\/(.+)\/$/.exec(line)?.[1] ?? fail(`unexpected first line: ${line}`);
  }

  /** `kill -9`: no goodbye, nothing flushed. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** A kind shutdown. */
  async stop() {
    await this.#end("SIGTERM");
  }

  /** Ends the server and forgets its data. */
  async remove() {
    await this.kill();
    await rm(this.#data, { recursive: true, force: true });
  }

  /** Says something without a page. */
  async post(room, text) {
    const reply = await fetch(`${this.url}api/v1/rooms/${encodeURIComponent(room)}/messages?nick=poster`, {
      method: "POST", headers: { "content-type": "text/plain" }, body: text,
    });
    if (!reply.ok) fail(`${reply.status} ${await reply.text()}`);
  }

  /** A room's log as the server holds it. */
  async events(room) {
    const reply = await fetch(`${this.url}api/v1/rooms/${encodeURIComponent(room)}/events?limit=200`);
    return (await reply.json()).events;
  }

  async #end(signal) {
    const ended = this.#process;
    this.#process = null;
    if (!ended || ended.exitCode !== null || ended.signalCode !== null) return;
    const exit = once(ended, "exit");
    ended.kill(signal);
    await exit;
  }
}

async function died(process) {
  const [code] = await once(process, "exit");
  fail(`the server ended with ${code} before it was open`);
}

function fail(why) {
  throw new Error(why);
}
