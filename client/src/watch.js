// Finds out that the other side is dead although nothing was closed: a ping after a silence, and a deadline for its answer.

/** @import { Environment } from './environment.js' */

const PING_AFTER = 25_000; // ms of silence
const ANSWER_WITHIN = 10_000; // ms

/** @param {Environment} env @param {() => void} ping @param {() => void} dead */
export function createWatch(env, ping, dead) {
  let stop = () => {};
  let asking = false;

  /** @param {number} ms @param {() => void} act */
  function after(ms, act) {
    stop();
    stop = env.after(ms, act);
  }

  function ask(forgiving = true) {
    const asked = env.now();
    asking = true;
    ping();
    after(ANSWER_WITHIN, () => {
      // After a sleep of the machine the deadline may come before the answer that waits beside it: one more chance.
      if (forgiving && env.now() - asked > 2 * ANSWER_WITHIN) ask(false);
      else dead();
    });
  }

  return {
    /** A socket is being opened. */
    opening: () => after(ANSWER_WITHIN, dead),

    /** Something came. */
    heard() {
      asking = false;
      after(PING_AFTER, ask);
    },

    /** Asks now whether anybody is there. */
    ask() {
      if (!asking) ask();
    },

    stop() {
      asking = false;
      stop();
    },
  };
}
