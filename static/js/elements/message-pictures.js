/**
 * @file Draws the pictures of a message: to be sent, to be seen, waiting for a moderator, or gone.
 *
 * Invariant: each has its box before it is there, and keeps it when it is gone.
 */
import { exactTimeOf } from "../dates.js";
import { boxOf, endOf, lifeLeft, nameOf, waits } from "../model/pictures.js";
import { copyOf, fill, find } from "./store-element.js";

/** @typedef {{now: number, sees: boolean, approves: boolean}} Eye `now` is the server's; whether one sees what waits, and may end the waiting */

/** @param {HTMLElement} list @param {Picture[]} images @param {Eye} eye */
export function fillPictures(list, images, eye) {
  const { length } = images;
  list.hidden = length === 0;
  list.dataset.columns = String(length === 2 || length === 4 ? 2 : Math.min(3, length));
  while (list.children.length > length) list.lastElementChild?.remove();
  images.forEach((image, at) => {
    const node = list.children[at] ?? list.appendChild(copyOf("picture"));
    fillPicture(/** @type {HTMLElement} */ (node), image, nameOf(image, at, length), eye);
  });
}

/** @param {HTMLElement} node @param {Picture & Partial<Tile>} image @param {string} name @param {Eye} eye */
function fillPicture(node, image, name, { now, sees, approves }) {
  const { id, type, status, progress = 0, expires_at: end } = image;
  const gone = endOf(image);
  const waiting = waits(image);
  const unseen = waiting && !sees;
  const underWay = status === "waiting" || status === "sending";
  Object.assign(node.dataset, { image: id, state: gone ? "gone" : waiting ? (unseen ? "unseen" : "waits") : (status ?? "here") });
  fill(node, {
    ".frame": !gone && !unseen, ".tomb": gone !== undefined || unseen, ".waits": waiting && sees, ".approve": approves, ".gif": !gone && !status && type === "image/gif", ".withdraw": status !== undefined,
    ".tomb-words": gone ? `Picture ${gone === "deleted" ? "removed" : "expired"}` : unseen ? "Waits for a moderator" : "", ".tomb-alt": gone && image.alt ? `: ${image.alt}` : "",
    progress: underWay, ".life": !gone && !waiting && end !== undefined,
  });
  find(node, ".tomb use").setAttribute("href", unseen ? "#i-clock" : "#i-no-picture");
  find(node, ".approve").ariaLabel = `Approve ${name}`;
  const { wide, ratio } = boxOf(image);
  node.style.setProperty("--wide", `${wide}px`);
  node.style.setProperty("--ratio", ratio);
  Object.assign(find(node, ".frame"), { ariaLabel: name, disabled: status !== undefined, title: end ? `Until ${exactTimeOf(end)}` : "" });
  Object.assign(find(node, "progress"), { value: progress, ariaLabel: `Upload of ${image.name}` });
  find(node, ".withdraw").ariaLabel = `Cancel ${image.name}`;
  find(node, ".life").dateTime = end ?? "";
  drawLife(node, now);
  showImage(find(node, "img"), gone || unseen ? undefined : image);
}

/** What is shown already is not fetched again. @param {HTMLImageElement} img @param {Picture} [image] */
function showImage(img, image) {
  const src = image?.thumb_url;
  if (img.getAttribute("src") === (src ?? null)) return;
  img.classList.remove("missing");
  img.removeAttribute("data-tries");
  if (!image || !src) return img.alt = "", img.removeAttribute("src");
  Object.assign(img, { width: image.width, height: image.height, alt: image.alt, src });
}

/** Says how long the pictures in a part of the page have left. @param {ParentNode} root @param {number} now the server's */
export function drawLife(root, now) {
  for (const node of /** @type {NodeListOf<HTMLTimeElement>} */ (root.querySelectorAll(".life:not([hidden])"))) {
    fill(node, { ".left": lifeLeft(Date.parse(node.dateTime) - now) });
  }
}
