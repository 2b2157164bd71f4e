/** @file What a person types as a room's name, made ready for the server, which has the last word. */

/** "#Winter garden" is the room `Winter-garden`. @param {string} typed */
export const roomNameFrom = (typed) => typed.trim().replace(/^#+\s*/, "").replace(/\s+/g, "-");

/** What is wrong with a name, as a sentence, or null. @param {string} name */
export function faultIn(name) {
  if (name === "") return "Please name a room.";
  if ([...name].length > 64) return "A room’s name has at most 64 characters.";
  const sound = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}._-]*$/u.test(name);
  return sound ? null : "A room’s name begins with a letter or digit; letters, digits, - and _ may follow.";
}
