// Which try is the present one, and when the next one comes: after a random time from 0 to a bound that doubles with each try
// (full jitter), unless the server said when. What is lost, refused or given up is tried again by this one rule, be it a socket,
// a channel or a component.

const BASE = 1_000; // ms; doubled with each failure
const CAP = 30_000; // ms
// A server that dies drops everyone at once: were the first bound one second, everyone would come back within one. So a loss
// counts as three failures, and an overload as five.
const LOSS = 3;
const OVERLOAD = 5;
const STABLE = 10_000; // ms; what lasted this long was no failed try
const LONGEST_HINT = 600_000; // ms
const OVERLOADED = 1013;

/** @typedef {(act: (...args: any[]) => void, late?: ((...args: any[]) => void) | null) => (...args: any[]) => void} Current
 *  a function that acts while its try is the present one, and otherwise does what is to be done late */

export function createTries() {
  let failures = 0;
  let reachedAt = NaN;
  let present = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** Does something later; there is one timer. @param {number} ms @param {() => void} act */
  function after(ms, act) {
    clearTimeout(timer);
    timer = setTimeout(act, ms);
  }

  /** Nothing of the try before counts any more. @returns {Current} */
  function begin() {
    clearTimeout(timer);
    const mine = (present += 1);
    return (act, late) => (...args) => (mine === present ? act : late)?.(...args);
  }

  return {
    after,
    begin,

    /** The try has led to what it was for. */
    reached() {
      if (failures < LOSS) failures = LOSS;
      reachedAt = performance.now();
    },

    /** Tries again, after a while.
     *  @param {() => void} act @param {any} [code] @param {any} [reason]
     *  @returns {boolean} whether it may come earlier */
    again(act, code, reason) {
      begin();
      const hint = /^1001.*back in (\d+)/.exec(code + reason);
      if (performance.now() - reachedAt >= STABLE) failures = LOSS;
      if (code === OVERLOADED) failures = OVERLOAD;
      reachedAt = NaN;
      after(hint ? Math.min(/** @type {any} */ (hint[1]), LONGEST_HINT) : Math.random() * Math.min(CAP, BASE * 2 ** failures++), act);
      return !hint && code !== OVERLOADED;
    },
  };
}

/** Calls a function for what it gives, which may be a promise, or takes the value itself. A promise is the only reason to
 *  wait.
 *  @param {any} source @param {(value: any) => void} use @param {(error: unknown) => void} fail told of what either throws */
export function evaluate(source, use, fail) {
  try {
    const value = typeof source === 'function' ? source() : source;
    if (value instanceof Promise) value.then(use).catch(fail);
    else use(value);
  } catch (error) {
    fail(error);
  }
}
