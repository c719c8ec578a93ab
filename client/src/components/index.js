// The components of a page: what comes for them from the connection, and where in the page it goes.

/** @import { Connection } from '../member.js' */
/** @import { Hook } from './hooks.js' */
/**
 * @typedef {object} Page what a connection with components has besides
 * @property {(root?: ParentNode) => void} mount mounts the components that have come into the page since
 * @property {(name: string, hook: Hook) => void} hook says what is to be done with the elements of components that have
 *   `data-hook` with this name
 * @property {(name: string, act: (data: any, element: Element) => void) => void} register lets the server call a function, by
 *   this name
 */

import { addressOf, dispatch, execute, flash } from './commands.js';
import { handle } from './events.js';
import { createHooks } from './hooks.js';
import { hear, scan } from './markup.js';
import { createNavigation } from './navigate.js';
import { createSession } from './session.js';
import { createTemplates } from './templates.js';
import { load } from './values.js';
import { createView } from './view.js';

const RELOADED = 'spark-reloaded';
const RELOAD_AFTER = 60_000; // ms; sooner it would not help either

/** @param {Connection} shared @param {string} url the connection's */
export function createComponents(shared, url) {
  /** @type {Map<string, (data: any, element: Element) => void>} */
  const functions = new Map();
  const address = url.replace(/[?#].*/, ''); // where nothing can be fetched, as of `ws:`, templates come over the socket
  let isReloading = false;

  const templates = createTemplates((name) => fetch(`${address}/t/${encodeURIComponent(name)}`).then((response) => (response.ok ? response.json() : Promise.reject())).catch(
    () => new Promise((resolve, reject) => {
      shared.ask({ type: 'template', name }, (error, payload) => (error ? reject(error) : resolve(payload))) || reject();
    }),
  ));

  const session = createSession(shared, {
    load,
    complain,
    update(act) {
      hooks.during(act);
      session.sweep();
    },
    reload() {
      try {
        const now = Date.now();
        if (isReloading || now - sessionStorage[RELOADED] < RELOAD_AFTER) return isReloading;
        sessionStorage[RELOADED] = now;
      } catch {
        return false; // without a memory it might go on for ever
      }
      location.reload();
      return (isReloading = true);
    },
  }, (element) => createView(element, templates));
  const hooks = createHooks(reportError);
  hear(handle);
  const navigate = createNavigation(() => {
    session.sweep();
    mount();
  });

  /** @param {string} message @param {any} error @param {EventTarget} [target] */
  function complain(message, error, target = document) {
    dispatch(target, 'spark:error', { message, code: error?.code, error });
    flash('error', message);
  }

  /** Mounts what is not mounted yet. @param {ParentNode} [root] */
  function mount(root = document) {
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll('[data-spark]'))) {
      const token = element.dataset.spark;
      if (token && session.add(element, token)) scan(element);
    }
    hooks.mountAll();
  }

  /** @param {() => void} act */
  function carefully(act) {
    try {
      act();
    } catch (error) {
      console.warn('Spark:', error); // a selector, an address or a function that is none
    }
  }

  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', () => mount());
  else mount();

  /** @type {Page} */
  const page = {
    mount,
    hook: hooks.add,
    register: (name, act) => functions.set(name, act),
  };
  Object.assign(shared, page);

  return {
    all: session.all,

    /** @param {Record<string, any>} frame */
    frame(frame) {
      const { type, url: to, component_id: id, message = frame.reason } = frame;
      const component = session.get(id);
      switch (type) {
        case undefined:
          for (let index = 0; frame[index + 1]; index += 2) session.of(frame[index])?.patch(frame[index + 1]);
          return;
        case 'component_flash':
          return flash(frame.level, message);
        case 'component_redirect':
          return carefully(() => location.assign(addressOf(to, frame.external)));
        case 'component_navigate':
          return carefully(() => navigate(addressOf(to)));
        case 'component_command':
          return component?.enqueue(() => carefully(() => execute(component, frame, functions)));
        case 'component_gone':
          component?.shut();
        // falls through
        case 'component_error':
          complain(message, frame, component?.element);
      }
    },
  };
}
