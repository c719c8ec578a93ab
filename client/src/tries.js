// Which try is the present one, and when the next one comes: after a random time from 0 to a bound that doubles with each try
// (full jitter), unless the server said when. What is lost, refused or given up is tried again by this one rule, be it a socket,
// a channel or a component.

/** @import { Environment } from './environment.js' */

const BASE = 1_000; // ms
const CAP = 30_000; // ms
// A server that dies drops everyone at once: were the first bound one second, everyone would come back within one.
const AFTER_LOSS = 8_000; // ms
const STABLE = 10_000; // ms; what lasted this long was no failed try
const LONGEST_HINT = 600_000; // ms
const OVERLOADED = 1013;

/** @typedef {(act: (...args: any[]) => void, late?: (...args: any[]) => void) => (...args: any[]) => void} Current
 *  a function that acts while its try is the present one, and otherwise does what is to be done late */

/** @param {Environment} env */
export function createTries(env) {
  let bound = BASE;
  let reachedAt = NaN;
  let present = 0;
  let timer = 0;

  /** Does something later; there is one timer. @param {number} ms @param {() => void} act */
  function after(ms, act) {
    env.clearTimeout(timer);
    timer = env.setTimeout(act, ms);
  }

  /** Nothing of the try before counts any more. @returns {Current} */
  function begin() {
    env.clearTimeout(timer);
    const mine = (present += 1);
    return (act, late) => (...args) => (mine === present ? act : late)?.(...args);
  }

  function reset() {
    bound = BASE;
    reachedAt = NaN;
  }

  return {
    after,
    begin,
    reset,

    /** The try has led to what it was for. */
    reached() {
      bound = Math.max(bound, AFTER_LOSS);
      reachedAt = env.performance.now();
    },

    /** Tries again, after a while.
     *  @param {() => void} act @param {number} [code] @param {string} [reason]
     *  @returns {boolean} whether it may come earlier */
    again(act, code, reason) {
      begin();
      const hint = /^1001.*come back in (\d+) ms/.exec(`${code}${reason}`);
      if (env.performance.now() - reachedAt >= STABLE) bound = AFTER_LOSS;
      if (code === OVERLOADED) bound = CAP;
      after(hint ? Math.min(Number(hint[1]), LONGEST_HINT) : env.Math.random() * bound, act);
      if (!hint) bound = Math.min(CAP, bound * 2);
      reachedAt = NaN;
      return !hint && code !== OVERLOADED;
    },
  };
}

/** Calls a function for what it gives, which may be a promise, or takes the value itself. A promise is the only reason to
 *  wait.
 *  @param {any} source @param {(value: any) => void} use @param {(error: unknown) => void} fail */
export function evaluate(source, use, fail) {
  try {
    source = typeof source === 'function' ? source() : source;
  } catch (error) {
    return fail(error);
  }
  if (source instanceof Promise) source.then(use, fail);
  else use(source);
}
