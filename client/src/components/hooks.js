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
  /** How each element's hook is called. @type {Map<Element, (what: keyof Hook) => void>} */
  const live = new Map();

  return {
    known,

    /** Finds what is new, changed and gone. @param {Node[]} touched where something changed */
    sync(touched) {
      if (!known.size) return;
      for (const [element, call] of live) {
        if (!element.isConnected) {
          live.delete(element);
          call('destroyed');
        } else if (touched.some((node) => element.contains(node))) call('updated');
      }
      for (const element of document.querySelectorAll('[data-spark] [data-hook]')) {
        const hook = known.get(element.getAttribute('data-hook') ?? '');
        const component = session.owner(element);
        if (!hook || !component || live.has(element)) continue;
        /** @type {Context} */
        const context = {
          send: (event, data = {}) => component.send(element, event, data, (error) => {
            // After a connection was lost, the component is made anew, as the page sees.
            if (error && !/^(CONNECTION_LOST|NOT_MOUNTED|CLOSED)$/.test(error.code ?? '')) report(error);
          }),
        };
        /** @param {keyof Hook} what */
        const call = (what) => {
          try {
            hook[what]?.(element, context);
          } catch (error) {
            report(error);
          }
        };
        live.set(element, call);
        call('mounted');
      }
    },
  };
}
