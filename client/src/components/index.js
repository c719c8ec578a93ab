// The components of a page: what comes for them from the connection, and where in the page it goes.

/** @import { Shared } from '../member.js' */

import { addressOf, execute, flash } from './commands.js';
import { createEvents } from './events.js';
import { createHooks } from './hooks.js';
import { scan } from './markup.js';
import { createNavigation } from './navigate.js';
import { createSession } from './session.js';
import { createTemplates } from './templates.js';
import { load } from './values.js';
import { createView } from './view.js';

const RELOADED = 'spark-reloaded';
const RELOAD_AFTER = 60_000; // ms; sooner it would not help either

/** An element is one connection's, the first that finds it. @type {WeakSet<Element>} */
const taken = new WeakSet();

/** @param {Shared} shared @param {string} url the connection's */
export function createComponents(shared, url) {
  const { env, replies } = shared;
  /** @type {Map<string, (data: any, element: Element) => void>} */
  const functions = new Map();
  const address = url.replace(/^ws/, 'http').replace(/[?#].*/, '');
  let isReloading = false;

  const templates = createTemplates(async (name) => {
    const source = await env.load(`${address}/t/${encodeURIComponent(name)}`).catch(
      () => new Promise((resolve, reject) => {
        replies.ask({ type: 'template', name }, (error, payload) => (error ? reject(error) : resolve(payload))) || reject();
      }),
    );
    return typeof source === 'string' ? JSON.parse(source) : source;
  });

  const session = createSession(shared, {
    want: templates.want,
    load,
    complain,
    shape(element) {
      const shape = JSON.parse(element.getAttribute('data-shape') ?? '');
      // All at once, not each when it is come upon.
      for (const name of shape) if (name && typeof name === 'string') templates.want(name).catch(() => {});
      return shape;
    },
    update(act) {
      hooks.during(act);
      session.sweep();
    },
    reload() {
      try {
        const now = Date.now();
        if (isReloading || now - Number(sessionStorage.getItem(RELOADED)) < RELOAD_AFTER) return isReloading;
        sessionStorage.setItem(RELOADED, String(now));
      } catch {
        return false; // without a memory it might go on for ever
      }
      isReloading = true;
      location.reload();
      return true;
    },
  }, (element) => createView(element, templates));
  const hooks = createHooks(session, env.report);
  createEvents(env, session, complain);
  const navigate = createNavigation(() => {
    session.sweep();
    mount(document);
  });

  /** @param {string} message @param {any} error @param {EventTarget} [target] */
  function complain(message, error, target = document) {
    target.dispatchEvent(new CustomEvent('spark:error', { bubbles: true, detail: { message, code: error?.code, error } }));
    flash('error', message);
  }

  /** Mounts what is not mounted yet. @param {ParentNode} root */
  function mount(root) {
    for (const element of root.querySelectorAll('[data-spark]')) {
      const token = element.getAttribute('data-spark');
      if (!token || taken.has(element)) continue;
      taken.add(element);
      scan(element);
      session.add(element, token);
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

  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', () => mount(document));
  else mount(document);

  return {
    all: session.all,
    mount,

    hook: hooks.add,

    /** @param {string} name @param {(data: any, element: Element) => void} act */
    register: (name, act) => functions.set(name, act),

    /** @param {Record<string, any>} frame */
    frame(frame) {
      const { type, url: to, component_id: id, message = frame.reason } = frame;
      const component = session.get(id);
      switch (type) {
        case 'patches':
          return frame.data.forEach((/** @type {any} */ data, /** @type {number} */ index) => {
            const changed = session.get(frame.data[index - 1]);
            if (index % 2 && changed?.view.hole.id === frame.data[index - 1]) changed?.patch(data);
          });
        case 'component_flash':
          return flash(frame.level, message);
        case 'component_redirect':
          return carefully(() => location.assign(addressOf(to, frame.external)));
        case 'component_navigate':
          return carefully(() => navigate(addressOf(to)));
        case 'component_command':
          return component?.enqueue(() => carefully(() => execute(component, frame, functions)));
        case 'component_gone':
          component?.end();
        // falls through
        case 'component_error':
          complain(message, frame, component?.element);
      }
    },
  };
}
