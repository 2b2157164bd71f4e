/** @file Ends pictures on screen at their time, by the server's clock, also when nobody tells. */

/** @import {Store} from "./store.js" */
import { alive, serverNow } from "./model/pictures.js";
import { currentRoom } from "./model/state.js";

/** Timers count no further than 24 days, and clocks are set. */
const LONGEST_MS = 600_000;

/** @param {Store} store */
export function endOnTime(store) {
  /** @type {number | undefined} */
  let timer;
  /** @type {State | undefined} as looked at last */
  let looked;
  const look = () => {
    clearTimeout(timer);
    const now = serverNow(store.state);
    const room = currentRoom(store.state);
    looked = store.state;
    let next = now + LONGEST_MS;
    for (const entry of room?.entries ?? []) {
      for (const { id, expires_at: end } of alive(entry)) {
        const due = Date.parse(end ?? "");
        if (due <= now) store.apply({ type: "@over", room: room?.name ?? "", target: entry.seq, image: id });
        else if (due < next) next = due;
      }
    }
    timer = setTimeout(look, next - now);
  };
  store.addEventListener("change", () => {
    const { rooms, current, skewMs } = store.state;
    if (rooms !== looked?.rooms || current !== looked.current || skewMs !== looked.skewMs) look();
  });
}
