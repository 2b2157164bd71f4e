/** @file Parts that are fetched when they are first needed: all that has to do with one's own pictures, the viewer, and accounts. */

/** @import {Client} from "./client.js" */
/** @import {Sender} from "./sender.js" */
/** @import {Store} from "./store.js" */
import { find } from "./elements/store-element.js";

/** @typedef {ReturnType<typeof lazyParts>} Lazy */

/** @param {Store} store @param {Sender} sender @param {Client} client */
export function lazyParts(store, sender, client) {
  /** @param {string} name @param {typeof import("./elements/store-element.js").StoreElement} element */
  const define = (name, element) => {
    customElements.define(name, element);
    const node = find(document, name);
    node.follow(store);
    return node;
  };
  return {
    desk: once(async () => {
      const [{ Desk }, { PictureTray }] = await Promise.all([import("./pictures/desk.js"), import("./elements/picture-tray.js")]);
      define("picture-tray", PictureTray);
      return new Desk(store, sender);
    }),
    accounts: once(async () => {
      const [{ Accounts }, { LogIn }] = await Promise.all([import("./accounts.js"), import("./elements/log-in.js")]);
      return new Accounts(store, client, define("log-in", LogIn));
    }),
    viewer: once(async () => define("picture-viewer", (await import("./elements/picture-viewer.js")).PictureViewer)),
  };
}

/** What could not be fetched is fetched anew the next time. @template T @param {() => Promise<T>} load @returns {() => Promise<T>} */
function once(load) {
  /** @type {Promise<T> | undefined} */
  let loaded;
  return () => (loaded ??= load().catch((why) => {
    loaded = undefined;
    throw why;
  }));
}
