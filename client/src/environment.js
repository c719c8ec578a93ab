// All that the client takes from the browser, in one place; tests bring their own.

/**
 * @typedef {object} Environment
 * @property {(url: string) => string} resolve makes a WebSocket's address out of one that may be relative to the page
 * @property {(url: string, protocols: string[]) => WebSocket} open
 * @property {(act: () => void, ms: number) => number} setTimeout
 * @property {(timer: number) => void} clearTimeout
 * @property {() => number} now ms that never go backwards
 * @property {() => number} random from 0 to 1, without 1
 * @property {(error: unknown) => void} report shows an error that nobody handles
 * @property {() => boolean} isOnline what the browser believes about the network
 * @property {(hint: (name: 'online' | 'offline' | 'visible') => void) => () => void} watch calls `hint` until told to stop
 * @property {Element | null} root carries the state unless the page chooses otherwise
 */

/** The browser's. @returns {Environment} */
export function browser() {
  return {
    resolve(url) {
      const address = new URL(url, location.href);
      address.protocol = address.protocol.replace('http', 'ws');
      address.hash = '';
      return address.href;
    },
    open: (url, protocols) => new WebSocket(url, protocols),
    setTimeout: (act, ms) => setTimeout(act, ms),
    clearTimeout: (timer) => clearTimeout(timer),
    now: () => performance.now(),
    random: () => Math.random(),
    report: (error) => reportError(error),
    isOnline: () => navigator.onLine,
    watch(hint) {
      const stop = new AbortController();
      const { signal } = stop;
      addEventListener('online', () => hint('online'), { signal });
      addEventListener('offline', () => hint('offline'), { signal });
      const seen = () => document.visibilityState === 'visible' && hint('visible');
      document.addEventListener('visibilitychange', seen, { signal });
      return () => stop.abort();
    },
    root: document.documentElement,
  };
}

/** Calls a function for what it gives, which may be a promise, or takes the value itself. A promise is the only reason to
 *  wait.
 *  @template T
 *  @param {T | (() => T | Promise<T>)} source
 *  @param {(value: T) => void} use
 *  @param {(error: unknown) => void} fail */
export function evaluate(source, use, fail) {
  let value;
  try {
    value = typeof source === 'function' ? /** @type {() => T | Promise<T>} */ (source)() : source;
  } catch (error) {
    return fail(error);
  }
  if (value instanceof Promise) value.then(use, fail);
  else use(value);
}
