// Named events and who listens to them.

/** @typedef {(...args: any[]) => void} Listener */

/** @param {(error: any) => void} report told of each `error` that nobody listens to, and of what a listener throws, which
 *    stops no other */
export function createEmitter(report) {
  /** @type {Map<string, Listener[]>} */
  const all = new Map();
  /** @param {string} event */
  const of = (event) => all.get(event) ?? [];

  /** Takes one listener off, or, without one, all of this event. @param {string} event @param {Listener} [listener] */
  function off(event, listener) {
    all.set(event, of(event).filter((one) => listener && one !== listener));
  }

  return {
    off,

    /** @param {string} event @param {Listener} listener @returns {() => void} takes it off again */
    on(event, listener) {
      listener.bind(0); // throws if it is no function
      off(event, listener);
      // Another array: one that is being gone through stays as it is.
      all.set(event, [...of(event), listener]);
      return () => off(event, listener);
    },

    /** @param {string} event @param {any[]} args */
    emit(event, ...args) {
      const listeners = of(event);
      for (const listener of listeners) {
        try {
          listener(...args);
        } catch (error) {
          report(error);
        }
      }
      if (event === 'error' && !listeners.length) report(args[0]);
    },
  };
}
