// What was sent with a ref, and who waits for the reply.

/** @typedef {(error: SparkError | null, payload?: any) => void} Done */
/** @typedef {ReturnType<typeof createReplies>} Replies */

import { SparkError } from './error.js';

export function createReplies() {
  /** @type {Map<number, Done>} */
  const all = new Map();
  let last = 0;

  /** @param {number} ref */
  function take(ref) {
    const done = all.get(ref);
    all.delete(ref);
    return done;
  }

  return {
    take,

    /** A ref that was not used for the last four thousand million messages. */
    next: () => (last = (last + 1) >>> 0),

    /** @param {number} ref @param {Done} done */
    expect(ref, done) {
      all.set(ref, done);
    },

    /** @param {Record<string, any>} reply */
    settle({ ref, status, payload }) {
      take(ref)?.(status === 'ok' ? null : SparkError.from(payload), payload);
    },

    /** The connection is lost. @param {number} code */
    fail(code) {
      const text = `connection lost (${code}) before the reply; the message may have been handled, or not`;
      const error = new SparkError(text, 'CONNECTION_LOST');
      for (const ref of [...all.keys()]) take(ref)?.(error);
    },
  };
}
