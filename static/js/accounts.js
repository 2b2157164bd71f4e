/**
 * @file Registering, logging in and out. Fetched when somebody wants to.
 *
 * The login is a cookie that scripts cannot read. Invariant: a password is
 * handed to the server and kept nowhere, neither in the state nor in storage.
 */

/** @import {Client} from "./client.js" */
/** @import {Store} from "./store.js" */
import { Refusal } from "./client.js";
import { refusal } from "./net/problem.js";

/** @typedef {{readonly password: string, readonly invitation: string}} Door where both are typed */

const UNREACHABLE = "The server is out of reach. Please try again.";
/** Then there is no login to end. */
const LOGGED_OUT = ["bad_credentials", "login_required"];

export class Accounts {
  #store; #client; #door;

  /** @param {Store} store @param {Client} client @param {Door} door */
  constructor(store, client, door) {
    this.#store = store;
    this.#client = client;
    this.#door = door;
  }

  /** Comes in with the login that there is, or with a password: that of a new account if it is to be registered. @param {string} nick @param {string} room */
  async enter(nick, room) {
    const { way } = this.#store.state;
    const { password, invitation } = this.#door;
    if (way === "known") return this.#client.enter(null, room);
    if (!password) return this.#refused("Please type your password.", "password");
    this.#store.apply({ type: "@log-in", nick });
    try {
      if (way === "register") {
        await post("accounts", { nick, password, invitation: invitation || undefined });
        this.#store.apply({ type: "@way", way: "log-in" });
      }
      await post("login", { nick, password });
      this.#store.apply({ type: "@account", account: nick });
      this.#client.enter(null, room);
    } catch (why) {
      this.#failed(why);
    }
  }

  /** The page is left at once; if the login could not be ended, that is said. */
  async logOut() {
    const { account } = this.#store.state;
    this.#client.signOut();
    this.#store.apply({ type: "@account", account: null });
    try {
      await post("logout");
    } catch (why) {
      if (why instanceof Refusal && LOGGED_OUT.includes(why.code)) return;
      this.#store.apply({ type: "@account", account });
      this.#refused(`You are still logged in. ${sentence(why)}`);
    }
  }

  /** @param {unknown} why */
  #failed(why) {
    const { code, field } = why instanceof Refusal ? why : { code: "" };
    const about = { bad_credentials: "password", invitation_invalid: "invitation" }[code];
    this.#refused(sentence(why), about ?? field);
  }

  /** @param {string} message @param {string} [field] */
  #refused(message, field) {
    this.#store.apply({ type: "@refused", message, field });
  }
}

/** @param {unknown} why */
const sentence = (why) => (why instanceof Refusal ? why.message : UNREACHABLE);

/** @param {string} what @param {object} [fields] */
async function post(what, fields) {
  const headers = fields && { "content-type": "application/json" };
  const reply = await fetch(`/api/v1/${what}`, { method: "POST", headers, body: fields && JSON.stringify(fields) });
  if (!reply.ok) throw refusal(reply.status, await reply.json().catch(() => null));
}
