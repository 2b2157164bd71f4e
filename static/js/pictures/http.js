/** @file Pictures over HTTP: sent, taken back, asked after. */
import { refusal } from "../net/problem.js";

/** @typedef {{token: string, room: string, tile: Tile, file: Blob}} Upload */

/**
 * Fetch cannot tell how far it is, so this is done the older way.
 * @param {Upload} upload @param {AbortSignal} signal @param {(part: number) => void} progressed from 0 to 1
 * @returns {Promise<Wire.Uploaded>}
 */
export function upload({ token, room, tile, file }, signal, progressed) {
  const form = new FormData();
  for (const [name, value] of [["room", room], ["alt", tile.alt], ["ttl", tile.ttl]]) form.append(name, value);
  form.append("file", file, tile.name);
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.open("POST", "/api/v1/uploads");
    request.setRequestHeader("authorization", `Bearer ${token}`);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => progressed(loaded / total);
    request.onload = () => (request.status === 201 ? resolve(request.response) : reject(refusal(request.status, request.response)));
    request.onerror = request.onabort = () => reject(new Error("lost"));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

/** @param {string} token @param {string} id */
export async function takeBack(token, id) {
  const reply = await fetch(`/api/v1/uploads/${id}`, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
  if (!reply.ok) throw refusal(reply.status, await reply.json().catch(() => null));
}

/** @param {string} id */
export const isGone = async (id) => (await fetch(`/uploads/${id}/thumb`)).status === 410;
