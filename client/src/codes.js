// What a close code says about coming back. The table is in docs/protocol.md.

// 1000 was asked for; after 1002, 1003, 1007 and 1010 the client must be mended, after 1008 it needs new authentication.
const FOR_GOOD = /^10(0[02378]|10)$/;
const PASSING = /^10(01|11|12|13)$/;
const LONGEST_HINT = 600_000; // ms

/** The server, or the channel, has too much to do. */
export const OVERLOADED = 1013;

/** Whether a socket that was closed so is not opened again by itself. @param {number} code */
export const endsSocket = (code) => FOR_GOOD.test(`${code}`);

/** Whether a channel that ended so is joined again by itself. @param {number} code */
export const retriesChannel = (code) => PASSING.test(`${code}`);

/** Whether a join that was refused so is tried again by itself. @param {any} payload */
export function retriesJoin(payload) {
  const { http, close, code } = payload ?? {};
  return http === 429 || http >= 500 || retriesChannel(close) || /^(RATE_LIMITED|INTERNAL_ERROR)$/.test(code);
}

/** In how many ms a server that goes away wants its client back.
 *  @param {number} code @param {string} reason @returns {number | undefined} */
export function hintOf(code, reason) {
  const hint = code === 1001 && /come back in (\d+) ms/.exec(reason);
  return hint ? Math.min(Number(hint[1]), LONGEST_HINT) : undefined;
}
