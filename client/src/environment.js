// All that the client takes from the browser, in one place; tests bring their own.

/** @typedef {() => void} Stop */
/**
 * @typedef {object} Environment
 * @property {(url: string) => string} resolve makes a WebSocket's address out of one that may be relative to the page
 * @property {(url: string, protocols: string[]) => WebSocket} open
 * @property {(ms: number, act: () => void) => Stop} after calls `act` once, unless it is stopped before
 * @property {() => number} now ms that never go backwards
 * @property {() => number} random from 0 to 1, without 1
 * @property {(error: unknown) => void} report shows an error that nobody handles
 * @property {() => boolean} isOnline what the browser believes about the network
 * @property {(hint: (name: string) => void) => Stop} watch calls `hint` with `online`, `offline` or `visibilitychange`, while
 *   the page is visible: one that nobody sees has no reason to hurry
 * @property {Element | null} root carries the state unless the page chooses otherwise
 * @property {boolean} hasPage whether there is a page that may have components
 * @property {(url: string) => Promise<any>} load gives the JSON at an address, from the browser's cache if it is there
 */

/** The browser's. @returns {Environment} */
export function browser() {
  return {
    resolve: (url) => new URL(url, location.href.replace('http', 'ws')).href,
    open: (url, protocols) => new WebSocket(url, protocols),
    after(ms, act) {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
    now: () => performance.now(),
    random: () => Math.random(),
    report: (error) => reportError(error),
    isOnline: () => navigator.onLine,
    watch(hint) {
      const listening = new AbortController();
      for (const name of ['online', 'offline', 'visibilitychange']) {
        addEventListener(name, () => document.hidden || hint(name), listening);
      }
      return () => listening.abort();
    },
    root: document.documentElement,
    hasPage: true,
    async load(url) {
      const response = await fetch(url);
      if (!response.ok) throw new TypeError(`${url}: ${response.status}`);
      return response.json();
    },
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
