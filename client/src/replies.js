// What was sent with a ref, and who waits for the reply.

/** @import { SparkError } from './error.js' */
/** @typedef {(error: SparkError | null, payload?: any) => void} Done */
/** @typedef {ReturnType<typeof createReplies>} Replies */

import { createError, errorOf } from './error.js';

/** @param {(frame: string | Uint8Array) => boolean} send whether it went on its way */
export function createReplies(send) {
  /** @type {Map<number, Done>} */
  const all = new Map();
  let last = 0;

  /** A ref that was not used for the last four thousand million messages. */
  const next = () => (last = (last + 1) >>> 0);

  return {
    next,

    /** Nobody waits for it any more. @param {number} ref */
    forsake: (ref) => all.delete(ref),

    /** Sends a frame; without somebody who waits for it, it asks for no reply.
     *  @param {object} frame @param {Done | undefined} [done]
     *  @param {number} [ref] @param {string | Uint8Array} [ready] the frame as it is sent, with its ref
     *  @returns {boolean} whether it went on its way */
    ask(frame, done, ref = done && next(), ready = JSON.stringify({ ...frame, ref })) {
      const sent = send(ready);
      if (sent && done) all.set(/** @type {number} */ (ref), done);
      return sent;
    },

    /** @param {Record<string, any>} reply */
    settle({ ref, status, payload }) {
      const done = all.get(ref);
      all.delete(ref);
      done?.(status === 'ok' ? null : errorOf(payload), payload);
    },

    /** The connection is lost. @param {number} code */
    fail(code) {
      for (const [ref, done] of all) {
        all.delete(ref);
        done(createError(`lost (${code}) before the reply`, 'CONNECTION_LOST'));
      }
    },
  };
}
