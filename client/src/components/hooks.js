// What a page's own scripts do with elements of components: `data-hook="name"`.

/**
 * @typedef {object} Context
 * @property {(event: string, data?: object) => void} send sends an event to the element's component
 */
/** @typedef {(element: Element, context: Context) => void} HookCall */
/** @typedef {{ mounted?: HookCall, updated?: HookCall, destroyed?: HookCall }} Hook */

import { owner } from './session.js';

export function createHooks() {
  /** @type {Map<string | undefined, Hook>} */
  const known = new Map();
  /** How each element's hook is called. @type {Map<Node, (what: keyof Hook) => void>} */
  const live = new Map();
  const observer = new MutationObserver(sync);

  /** Looks at hooks that have come or gone with these nodes. @param {Iterable<any>} nodes */
  function look(nodes) {
    for (const node of nodes) if (node.querySelectorAll) [node, ...node.querySelectorAll('[data-hook]')].forEach(mount);
  }

  /** Finds what is new, changed and gone; nothing else is looked at. @param {MutationRecord[]} records
   *  @param {MutationObserver} [observer] tells of what others have changed, which is theirs */
  function sync(records, observer) {
    /** @type {Set<Node>} */
    const changed = new Set();
    for (const { target, addedNodes, removedNodes } of records) {
      look(removedNodes);
      look(addedNodes);
      for (let node = observer ? null : target; node; node = node.parentNode) changed.add(node);
    }
    for (const node of changed) live.get(node)?.('updated');
  }

  /** @param {any} element */
  function mount(element) {
    const there = live.get(element);
    const hook = known.get(element.dataset?.hook);
    const component = owner(element);
    if (!element.isConnected) {
      live.delete(element);
      there?.('destroyed');
    } else if (hook && component && !there) {
      /** @type {Context} */
      const context = { send: (event, data = {}) => component.send(element, event, data) };
      /** @param {keyof Hook} what */
      const call = (what) => {
        try {
          hook[what]?.(element, context);
        } catch (error) {
          reportError(error);
        }
      };
      live.set(element, call);
      call('mounted');
    }
  }

  const mountAll = () => look([document.body]);

  return {
    /** Does what changes the page, and calls the hooks. @param {() => void} act */
    during(act) {
      observer.takeRecords();
      try {
        act();
      } finally {
        sync(observer.takeRecords());
      }
    },

    /** Mounts what is there already. */
    mountAll,

    /** @param {string} name @param {Hook} hook */
    add(name, hook) {
      known.set(name, hook);
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      mountAll();
    },
  };
}
