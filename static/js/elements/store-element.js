/**
 * @file What every element of the page shares: it draws a state and says what the person wants.
 *
 * Elements are light DOM, filled from `<template>`s through `textContent` alone.
 * Invariant: an element never sees the socket, and changes only its own children.
 */

/** @import {Store} from "../store.js" */

export class StoreElement extends HTMLElement {
  /** @type {State} as drawn last */
  state = /** @type {any} */ (undefined);

  /** @param {Store} store */
  follow(store) {
    this.state = store.state;
    this.ready();
    this.draw(store.state);
    store.addEventListener("change", () => {
      const before = this.state;
      this.state = store.state;
      if (before !== this.state) this.draw(this.state, before);
    });
  }

  /** Once, before the first drawing: listen to one's own children. */
  ready() {}

  /** @param {State} _state @param {State} [_before] as drawn before */
  draw(_state, _before) {}

  /** @param {Intent} detail */
  want(detail) {
    this.dispatchEvent(new CustomEvent("intent", { bubbles: true, detail }));
  }

  /** A part that the page's markup guarantees. @param {string} selector @returns {any} */
  find(selector) {
    return find(this, selector);
  }

  /** @param {string} selector @param {string} type @param {(event: any) => void} run */
  on(selector, type, run) {
    this.find(selector).addEventListener(type, run);
  }
}

/** @param {ParentNode} root @param {string} selector @returns {any} an element that is sure to be there */
export function find(root, selector) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

/**
 * Fills parts by selector: a text is shown; true and false show and hide; null empties and hides.
 * @param {ParentNode} root @param {Record<string, string | boolean | null>} parts
 */
export function fill(root, parts) {
  for (const [selector, value] of Object.entries(parts)) {
    const node = find(root, selector);
    node.hidden = value === null || value === false;
    if (typeof value !== "boolean" && node.textContent !== (value ?? "")) node.textContent = value;
  }
}

/** A fresh copy of the one element in a template. @param {string} id @returns {HTMLElement} */
export const copyOf = (id) => find(document, `template#${id}`).content.firstElementChild.cloneNode(true);

/**
 * Makes a list's children show these items: a child stays as long as its key does.
 * @template T
 * @param {HTMLElement} list @param {T[]} items @param {(item: T) => string} keyOf
 * @param {(item: T) => string} templateOf @param {(node: HTMLElement, item: T) => void} show
 */
export function reconcile(list, items, keyOf, templateOf, show) {
  const children = /** @type {HTMLElement[]} */ ([...list.children]);
  const held = new Map(children.map((node) => [node.dataset.key, node]));
  const keys = new Set(items.map(keyOf));
  for (const [key = "", node] of held) if (!keys.has(key)) node.remove();
  let cursor = list.firstElementChild;
  for (const item of items) {
    const node = held.get(keyOf(item)) ?? copyOf(templateOf(item));
    node.dataset.key = keyOf(item);
    show(node, item);
    if (node === cursor) cursor = cursor.nextElementSibling;
    else list.insertBefore(node, cursor);
  }
}
