/** @file What the server refuses over HTTP: a problem document (RFC 9457) becomes a `Refusal`. */
import { Refusal } from "../client.js";

/** @param {number} status @param {any} problem or what something between here and the server said */
export function refusal(status, problem) {
  const { code = status === 408 ? "busy" : "internal", detail = `The server said no (${status}).`, field, retry_after_ms } = problem ?? {};
  return new Refusal({ type: "error", code, message: detail, field, retry_after_ms });
}
