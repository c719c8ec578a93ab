// What a page's own scripts do with elements of components: `data-hook="name"`.

/** @import { Session } from './session.js' */
/**
 * @typedef {object} Context
 * @property {(event: string, data?: object) => void} send sends an event to the element's component
 */
/** @typedef {(element: Element, context: Context) => void} HookCall */
/** @typedef {{ mounted?: HookCall, updated?: HookCall, destroyed?: HookCall }} Hook */

/** @param {Session} session @param {(error: unknown) => void} report */
export function createHooks(session, report) {
  /** @type {Map<string, Hook>} */
  const known = new Map();
  /** @type {Map<Element, [Hook, Context]>} */
  const live = new Map();

  /** @param {Element} element @param {'mounted' | 'updated' | 'destroyed'} what */
  function call(element, what) {
    const [hook, context] = /** @type {[Hook, Context]} */ (live.get(element));
    try {
      hook[what]?.(element, context);
    } catch (error) {
      report(error);
    }
  }

  return {
    /** @param {string} name @param {Hook} hook */
    add(name, hook) {
      known.set(name, hook);
    },

    /** Finds what is new, changed and gone. @param {Node[]} touched where something changed */
    sync(touched) {
      if (!known.size) return;
      for (const element of live.keys()) {
        if (!element.isConnected) {
          call(element, 'destroyed');
          live.delete(element);
        } else if (touched.some((node) => element.contains(node))) call(element, 'updated');
      }
      for (const element of document.querySelectorAll('[data-spark] [data-hook]')) {
        const hook = known.get(/** @type {string} */ (element.getAttribute('data-hook')));
        const component = session.owner(element);
        if (!hook || !component || live.has(element)) continue;
        /** @param {string} event */
        const send = (event, data = {}) => session.send(component, element, event, data, (error) => {
          // After a connection was lost, the component is made anew, as the page sees.
          if (error && error.code !== 'CONNECTION_LOST' && error.code !== 'NOT_MOUNTED') report(error);
        });
        live.set(element, [hook, { send }]);
        call(element, 'mounted');
      }
    },
  };
}
