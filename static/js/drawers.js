/**
 * @file The side panels, which on a small screen are drawers with a button each.
 *
 * Invariant: at most one is open; Esc, a choice in it, or the shade beside it
 * closes it, and the focus returns to its button.
 */

/** @param {HTMLElement} root carries `data-drawer` while one is open */
export function drawers(root) {
  /** @param {string} [name] @returns {HTMLElement | null} */
  const button = (name) => root.querySelector(`[data-opens="${name}"]`);

  const close = () => {
    const opener = button(root.dataset.drawer);
    delete root.dataset.drawer;
    opener?.setAttribute("aria-expanded", "false");
    opener?.focus();
  };
  /** @param {string} [name] */
  const open = (name) => {
    root.dataset.drawer = name;
    button(name)?.setAttribute("aria-expanded", "true");
    /** @type {HTMLElement | null} */ (root.querySelector(`#${name} .close-drawer`))?.focus();
  };
  root.addEventListener("click", ({ target }) => {
    const at = /** @type {HTMLElement} */ (target);
    /** @type {HTMLElement | null} */
    const opener = at.closest("[data-opens]");
    if (opener && opener.dataset.opens !== root.dataset.drawer) open(opener.dataset.opens);
    else if (root.dataset.drawer && (opener || at === root || at.closest("a[data-room], .close-drawer"))) close();
  });
  root.addEventListener("keydown", ({ key }) => key === "Escape" && root.dataset.drawer && close());
  root.addEventListener("intent", (event) => {
    if (/** @type {CustomEvent} */ (event).detail.type === "show" && root.dataset.drawer) close();
  });
}
