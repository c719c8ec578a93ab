// What was sent with a ref, and who waits for the reply.

/** @import { SparkError } from './error.js' */
/** @typedef {(error: SparkError | null, payload?: any) => void} Done */
/** @typedef {ReturnType<typeof createReplies>} Replies */

import { createError, errorOf } from './error.js';

/** @param {(frame: string | ArrayBuffer) => boolean} send whether it went on its way */
export function createReplies(send) {
  /** @type {Map<number, Done>} */
  const all = new Map();
  let last = 0;

  /** A ref that was not used for the last four thousand million messages; never 0. */
  const next = () => (last = (last % 0xffffffff) + 1);

  /** Sends what has this ref, if it has one. @param {string | ArrayBuffer} frame @param {number | undefined} ref
   *  @param {Done | undefined} done @returns {boolean} whether it went on its way */
  function post(frame, ref, done) {
    const sent = send(frame);
    if (sent && ref && done) all.set(ref, done);
    return sent;
  }

  return {
    next,
    post,
    forget: (/** @type {number} */ ref) => all.delete(ref),

    /** Without somebody who waits for it, it asks for no reply.
     *  @param {object} frame @param {Done} [done] @returns {boolean} whether it went on its way */
    ask(frame, done) {
      const ref = done && next();
      return post(JSON.stringify({ ...frame, ref }), ref, done);
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
        done(createError(`lost (${code}) before the reply; the message may have been handled, or not`, 'CONNECTION_LOST'));
      }
    },
  };
}
