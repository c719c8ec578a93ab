// The components of a page: what comes for them from the connection, and where in the page it goes.

/** @import { Environment } from '../environment.js' */
/** @import { Link } from '../link.js' */
/** @import { Replies } from '../replies.js' */
/** @import { Template } from './templates.js' */

import { createView, partOf } from './blocks.js';
import { addressOf, execute, flash } from './commands.js';
import { createEvents } from './events.js';
import { createHooks } from './hooks.js';
import { hydrate } from './hydrate.js';
import { createNavigation } from './navigate.js';
import { apply } from './patch.js';
import { createSession } from './session.js';
import { numberAll } from './strings.js';
import { createTemplates } from './templates.js';
import { applyStyles, load, scanners } from './values.js';

const RELOADED = 'spark-reloaded';
const RELOAD_AFTER = 60_000; // ms; sooner it would not help either

/** An element is one connection's, the first that finds it. @type {WeakSet<Element>} */
const taken = new WeakSet();

/** @param {{ env: Environment, link: Link, replies: Replies }} shared @param {string} url the connection's */
export function createComponents(shared, url) {
  const { env } = shared;
  /** @type {Map<string, (data: any, element: Element) => void>} */
  const functions = new Map();
  const address = url.replace(/^ws/, 'http').replace(/[?#].*/, '');
  let isReloading = false;

  const templates = createTemplates(async (name) => {
    const source = await env.load(`${address}/t/${encodeURIComponent(name)}`).catch(
      () => new Promise((resolve, reject) => {
        session.ask({ type: 'template', name }, (error, payload) => (error ? reject(error) : resolve(payload)));
      }),
    );
    return typeof source === 'string' ? JSON.parse(source) : source;
  }, learn);

  /** Listens for the events that a template names. @param {Template} template */
  function learn({ root, slots }) {
    events.scan(root.node);
    for (const slot of slots) {
      if (!Array.isArray(slot)) slot.templates.forEach(learn);
      else for (const { name } of slot) if (name.startsWith('spark-')) events.listen(name.slice(6), true);
    }
  }

  const session = createSession(shared, {
    hydrate({ element, view }) {
      const shape = JSON.parse(element.getAttribute('data-shape') ?? '');
      if (shape[0] === '') numberAll(view, shape[1]);
      else {
        // All at once, not each when it is come upon.
        for (const name of shape) if (typeof name === 'string') templates.want(name).catch(() => {});
        hydrate(view, shape);
      }
    },
    apply: ({ view }, patch) => apply(view, patch),
    updated({ view }) {
      session.sweep();
      hooks.sync(view.touched.splice(0));
    },
    load: ({ element }, by) => load(element, by),
    name({ view }, ids) {
      [...view.parts].forEach((part, index) => (part.id = ids[index] ?? 0));
    },
    has: ({ view }, id) => [...view.parts].some((part) => part.id === id),
    inner: ({ view }, element) => partOf(view, element)?.id ?? 0,
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
    complain,
  }, (element) => createView(element, templates), templates.want);
  const hooks = createHooks(session, env.report);
  const events = createEvents(env, session, complain);
  const navigate = createNavigation(() => {
    session.sweep();
    mount(document);
  });
  scanners.add(events.scan);

  /** @param {string} message @param {any} error @param {{ element: Element }} [component] */
  function complain(message, error, component) {
    const detail = { message, code: error?.code, error };
    (component?.element ?? document).dispatchEvent(new CustomEvent('spark:error', { bubbles: true, detail }));
    flash('error', message);
  }

  /** Mounts what is not mounted yet. @param {ParentNode} root */
  function mount(root) {
    for (const element of root.querySelectorAll('[data-spark]')) {
      const token = element.getAttribute('data-spark');
      if (!token || taken.has(element)) continue;
      taken.add(element);
      applyStyles(element);
      events.scan(element);
      session.add(element, token);
    }
    hooks.sync([]);
  }

  /** @param {() => void} act */
  function carefully(act) {
    try {
      act();
    } catch (error) {
      console.warn('Spark:', error); // a selector, an address or a function that is none
    }
  }

  if (document.readyState !== 'loading') mount(document);
  else document.addEventListener('DOMContentLoaded', () => mount(document));

  return {
    up: session.up,
    down: session.down,
    mount,

    /** @param {string} name @param {import('./hooks.js').Hook} hook */
    hook(name, hook) {
      hooks.add(name, hook);
      hooks.sync([]);
    },

    /** @param {string} name @param {(data: any, element: Element) => void} act */
    register(name, act) {
      functions.set(name, act);
    },

    /** @param {Record<string, any>} frame */
    frame(frame) {
      const { type, url: to, external, component_id: id } = frame;
      const component = session.get(id);
      switch (type) {
        case 'patches':
          return session.patches(frame.data);
        case 'component_flash':
          return flash(frame.level, frame.message);
        case 'component_redirect':
          return carefully(() => location.assign(addressOf(to, external)));
        case 'component_navigate':
          return carefully(() => navigate(addressOf(to)));
        case 'component_command':
          return component && session.enqueue(component, () => carefully(() => execute(component, frame, functions)));
        case 'component_error':
          return complain(frame.message, frame, component);
        case 'component_gone':
          if (component) session.gone(component);
          return complain(frame.reason, frame, component);
      }
    },
  };
}
