// Named events and who listens to them.

/** @typedef {(...args: any[]) => void} Listener */

/** @param {(error: unknown) => void} report told what a listener throws, which stops no other */
export function createEmitter(report) {
  /** Not an object: `__proto__` and `constructor` are names like any other. @type {Map<string, Set<Listener>>} */
  const all = new Map();

  /** Takes one listener off, or, without one, all of this event. @param {string} event @param {Listener} [listener] */
  function off(event, listener) {
    if (listener) all.get(event)?.delete(listener);
    else all.delete(event);
  }

  return {
    off,

    /** @param {string} event @param {Listener} listener @returns {() => void} takes it off again */
    on(event, listener) {
      if (typeof listener !== 'function') throw new TypeError('no function');
      all.set(event, (all.get(event) ?? new Set()).add(listener));
      return () => off(event, listener);
    },

    /** @param {string} event @param {unknown[]} args @returns {boolean} whether anybody listens */
    emit(event, ...args) {
      // A copy: a listener may take itself off, or add another.
      const listeners = [...(all.get(event) ?? [])];
      for (const listener of listeners) {
        try {
          listener(...args);
        } catch (error) {
          report(error);
        }
      }
      return listeners.length > 0;
    },
  };
}
