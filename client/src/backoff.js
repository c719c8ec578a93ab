// How long to wait before the next try: full jitter, a random time from 0 to a bound that doubles with each try.

const BASE = 1_000; // ms
const CAP = 30_000; // ms
// A server that dies drops everyone at once: were the first bound one second, everyone would come back within one.
const AFTER_LOSS = 8_000; // ms
const STABLE = 10_000; // ms; what lasted this long was no failed try

/** @param {() => number} random from 0 to 1, without 1 */
export function createBackoff(random) {
  let bound = BASE;
  const reset = () => {
    bound = BASE;
  };
  return {
    reset,

    /** For how many ms to wait. */
    next() {
      const wait = random() * bound;
      bound = Math.min(CAP, bound * 2);
      return wait;
    },

    /** What had been reached was lost after so many ms.
     *  @param {number} lived @param {boolean} overloaded whether it was lost because the server has too much to do */
    lost(lived, overloaded) {
      if (lived >= STABLE) reset();
      bound = Math.max(bound, overloaded ? CAP : AFTER_LOSS);
    },
  };
}
