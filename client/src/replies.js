// What was sent with a ref, and who waits for the reply.

/** @typedef {(error: SparkError | null, payload?: any) => void} Done */
/** @typedef {ReturnType<typeof createReplies>} Replies */

import { SparkError } from './error.js';

/** @param {(frame: string | ArrayBuffer) => boolean} send whether it went on its way */
export function createReplies(send) {
  /** @type {Map<number, Done>} */
  const all = new Map();
  let last = 0;

  /** A ref that was not used for the last four thousand million messages. */
  const next = () => (last = (last + 1) >>> 0);

  /** @param {number} ref */
  function take(ref) {
    const done = all.get(ref);
    all.delete(ref);
    return done;
  }

  /** Sends what has this ref. @param {string | ArrayBuffer} frame @param {number} ref @param {Done} done
   *  @returns {boolean} whether it went on its way */
  function expect(frame, ref, done) {
    const sent = send(frame);
    if (sent) all.set(ref, done);
    return sent;
  }

  return {
    next,
    take,
    expect,

    /** @param {object} frame @param {Done} done @returns {boolean} whether it went on its way */
    ask(frame, done) {
      const ref = next();
      return expect(JSON.stringify({ ...frame, ref }), ref, done);
    },

    /** Asks for no reply. @param {object} frame */
    tell: (frame) => send(JSON.stringify(frame)),

    /** @param {Record<string, any>} reply */
    settle({ ref, status, payload }) {
      take(ref)?.(status === 'ok' ? null : SparkError.from(payload), payload);
    },

    /** The connection is lost. @param {number} code */
    fail(code) {
      const text = `connection lost (${code}) before the reply; the message may have been handled, or not`;
      for (const ref of [...all.keys()]) take(ref)?.(new SparkError(text, 'CONNECTION_LOST'));
    },
  };
}
