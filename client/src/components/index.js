// The components of a page: what comes for them from the connection, and where in the page it goes.

/** @import { Whole } from '../channel.js' */
/** @import { Hook } from './hooks.js' */
/**
 * @typedef {object} Page what a connection with components has besides
 * @property {() => void} mount mounts the components that have come into the page since
 * @property {(name: string, hook: Hook) => void} hook says what is to be done with the elements of components that have
 *   `data-hook` with this name
 * @property {(name: string, act: (data: any, element: Element) => void) => void} register lets the server call a function, by
 *   this name
 */

import { complain, execute, flash } from './commands.js';
import { handle } from './events.js';
import { createHooks } from './hooks.js';
import { hear, scan } from './markup.js';
import { createNavigation } from './navigate.js';
import { createSession } from './session.js';
import { createTemplates } from './templates.js';
import { keepEntered, load, misfit } from './values.js';
import { createView } from './view.js';

const RELOAD_AFTER = 60_000; // ms; sooner a page that was loaded anew would not be better the next time

/** @param {Whole} shared @param {string} url the connection's */
export function createComponents(shared, url) {
  /** @type {Map<string, (data: any, element: Element) => void>} */
  const functions = new Map();
  const address = url.replace(/[?#].*/, ''); // where nothing can be fetched, as of `ws:`, templates come over the socket

  const templates = createTemplates((name) => fetch(`${address}/t/${encodeURIComponent(name)}`).then((response) => (response.ok ? response.json() : misfit())).catch(
    // What is no template is found out when it is taken apart.
    () => new Promise((resolve) => shared.ask({ type: 'template', name }, (_, payload) => resolve(payload)) || resolve(null)),
  ));

  const hooks = createHooks();
  const session = createSession(shared, {
    load,
    complain,
    keep: keepEntered,
    update: hooks.during,
    reload() {
      const [{ type }] = /** @type {any} */ (performance.getEntriesByType('navigation'));
      const helps = type !== 'reload' || performance.now() > RELOAD_AFTER;
      if (helps) location.reload();
      return helps;
    },
  }, (element) => createView(element, templates));
  hear(handle);
  const navigate = createNavigation(() => {
    session.sweep();
    mount();
  });

  /** Mounts what is not mounted yet. */
  function mount() {
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-spark]'))) {
      const token = element.dataset.spark;
      if (token && session.add(element, token)) scan(element);
    }
    hooks.mountAll();
  }

  // Behind the page's own scripts: what comes for them is not lost then. They have run when the first event is past. (A clock of
  // a test may know nothing of it.)
  const [navigation] = /** @type {any[]} */ (performance.getEntriesByType('navigation'));
  if (document.readyState === 'complete' || navigation?.domContentLoadedEventStart) mount();
  else for (const type of ['DOMContentLoaded', 'load']) addEventListener(type, mount);

  /** @type {Page} */
  const page = {
    mount,
    hook: hooks.add,
    register: (name, act) => functions.set(name, act),
  };
  Object.assign(shared, page);

  return {
    /** @param {Record<string, any>} frame */
    frame(frame) {
      const { type, component_id: id, message = frame.reason } = frame;
      const component = session.get(id);
      const act = () => execute(frame, component, functions, navigate);
      if (!type) for (let index = 0; frame[index + 1]; index += 2) session.get(frame[index])?.patch(frame[index + 1]);
      else if (/flash/.test(type)) flash(frame.level, message);
      else if (/redirect|navigate/.test(type)) act();
      else if (/command/.test(type)) component?.enqueue(act);
      else if (/gone|error/.test(type)) {
        if (/gone/.test(type)) component?.shut();
        complain(message, frame, component?.element);
      }
    },
  };
}
