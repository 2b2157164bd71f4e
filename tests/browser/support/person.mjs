/**
 * @file What a person does and sees on the page, in words that tests use.
 *
 * Every wait is for something that the page shows; nothing here sleeps.
 */
import assert from "node:assert/strict";

export class Person {
  /** Errors and refused resources in this window. */
  faults = [];

  constructor(page, url, nick) {
    this.page = page;
    this.url = url;
    this.nick = nick;
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (message) => message.type() === "error" && this.faults.push(message.text()));
  }

  /** Opens a room's link, gives a name, and waits until the room is there. */
  async enter(room) {
    await this.page.goto(new URL(`r/${encodeURIComponent(room)}`, this.url).href);
    await this.page.getByLabel("Your name").fill(this.nick);
    await this.page.getByRole("button", { name: "Come in" }).click();
    await this.isIn(room);
    return this;
  }

  /** Opens a room's link, and comes in with a password: "Log in" or "Register". */
  async proves(way, password, room) {
    await this.page.goto(new URL(`r/${encodeURIComponent(room)}`, this.url).href);
    await this.page.getByRole("button", { name: way, exact: true }).click();
    await this.page.getByLabel("Your name").fill(this.nick);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByLabel("Password").press("Enter");
    await this.isIn(room);
    return this;
  }

  /** Does something over HTTP with the page's own login. */
  async posts(path, fields) {
    const [status, reply] = await this.page.evaluate(async ([to, body]) => {
      const answer = await fetch(`/api/v1/${to}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      return [answer.status, await answer.json()];
    }, [path, fields]);
    assert.ok(status < 300, JSON.stringify(reply));
    return reply;
  }

  /** The room is on screen and joined. */
  async isIn(room) {
    await this.page.getByRole("heading", { level: 1, name: `#${room}` }).waitFor();
    await this.page.locator("people-list .person .nick", { hasText: this.nick }).first().waitFor({ state: "attached" });
  }

  async says(text) {
    await this.box.fill(text);
    await this.page.getByRole("button", { name: "Send", exact: true }).click();
  }

  async sees(text) {
    await this.message(text).waitFor();
  }

  /** The message is in the log, not only on its way. */
  async seesSettled(text) {
    await this.page.locator("article[data-fate=settled]", { hasText: text }).waitFor();
  }

  /** Nothing is on its way any more, and the connection stands. */
  async isQuiet() {
    await this.page.waitForFunction(() => !document.querySelector("article:not([data-fate=settled])") && document.querySelector("connection-banner")?.hidden);
  }

  /** Chooses files, as `file()` makes them, and waits for as many tiles as should lie in the tray then. */
  async chooses(files, tiles = files.length) {
    await this.page.locator("add-pictures input").setInputFiles(files);
    if (tiles > 0) await this.tiles.nth(tiles - 1).waitFor();
  }

  get tiles() {
    return this.page.locator(".tile");
  }

  /** The pictures of a message, once as many as expected have come. */
  async seesPictures(text, count) {
    const article = this.page.locator("article[data-fate=settled]", { hasText: text }).first();
    await article.locator(".picture").nth(count - 1).waitFor();
    return article.locator(".picture").evaluateAll((nodes) => Promise.all(nodes.map(async (node) => {
      const img = node.querySelector("img");
      img.loading = "eager";
      if (img.src) await img.decode().catch(() => {});
      const { width, height } = node.getBoundingClientRect();
      const [life, tomb] = [".life", ".tomb"].map((part) => node.querySelector(`${part}:not([hidden])`)?.textContent.trim() ?? null);
      return { alt: img.alt, size: `${img.getAttribute("width")}×${img.getAttribute("height")}`, natural: img.naturalWidth, box: [width, height], life, tomb };
    })));
  }

  get box() {
    return this.page.getByRole("textbox", { name: /^Message #/ });
  }

  message(text) {
    return this.page.locator("article", { hasText: text }).first();
  }

  async does(deed, text) {
    await this.message(text).hover();
    await this.page.getByRole("button", { name: deed, exact: true }).click();
  }

  async reacts(emoji, text) {
    await this.does("React", text);
    await this.page.getByRole("button", { name: emoji }).click();
  }

  /** Arrow up in the empty box edits one's last message. */
  async editsLast(text) {
    await this.box.press("ArrowUp");
    await this.page.getByText("Editing your message").waitFor();
    await this.says(text);
    await this.page.getByText("Editing your message").waitFor({ state: "hidden" });
  }

  /** Everything that the log shows, message by message. */
  log() {
    return this.page.locator("message-log article").evaluateAll((rows) => rows.map((row) => ({
      author: row.querySelector(".author").textContent,
      text: row.querySelector(".text").textContent,
      pictures: [...row.querySelectorAll(".picture")].map(({ dataset }) => `${dataset.image} ${dataset.state}`),
      edited: !row.querySelector(".edited").hidden,
      reactions: [...row.querySelectorAll(".reactions button")].map((button) => button.ariaLabel),
      fate: row.dataset.fate,
    })));
  }

  /** What the page shows equals what a fresh load shows. */
  async showsWhatAFreshLoadShows(room) {
    const before = await this.log();
    await this.page.reload();
    await this.isIn(room);
    await this.page.locator("message-log article").first().waitFor();
    await this.isQuiet();
    assert.deepEqual(await this.log(), before);
  }

  async leave() {
    await this.page.context().close();
  }
}
