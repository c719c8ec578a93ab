// Which components the page has: their mounts, and in what order what comes for them is done.

/** @import { View } from './blocks.js' */
/** @import { Environment } from '../environment.js' */
/** @import { Link } from '../link.js' */
/** @import { Done, Replies } from '../replies.js' */
/**
 * @typedef {object} Component
 * @property {Element} element
 * @property {string} token
 * @property {number} id as the mount gave it; 0 while there is none
 * @property {View} view
 * @property {(() => void)[]} jobs what is to be done, in order; one that lacks a template is tried again
 * @property {(() => void)[]} waiting events that wait for the mount
 * @property {boolean} paused whether a template is on its way
 * @property {boolean} found whether the view was found in what the server rendered, or failed to be
 * @property {boolean} fresh whether the page may show something else than what was rendered first
 * @property {boolean} resyncing whether the view was asked for anew, and is not there yet
 * @property {boolean} mounting whether the answer to a mount is to come
 * @property {() => void} stop stops the next try of a mount
 */
/**
 * @typedef {object} Page what a session needs of the page
 * @property {(component: Component) => void} hydrate finds the view in what the server rendered
 * @property {(component: Component, patch: { data: any[], at: number }) => void} apply
 * @property {(component: Component) => void} updated a patch is done
 * @property {(component: Component, by: 1 | -1) => void} load it waits for one answer more, or less
 * @property {(component: Component, ids: number[]) => void} name numbers the components in it, in the order of its shape
 * @property {(component: Component, id: number) => boolean} has whether one with this number is in it
 * @property {(component: Component, element: Element) => number} inner the number of the one in it that has the element, or 0
 * @property {() => boolean} reload loads the page anew, unless it did so just now
 * @property {(message: string, error: any, component?: Component) => void} complain shows what went wrong
 */
/** @typedef {ReturnType<typeof createSession>} Session */

import { createBackoff } from '../backoff.js';
import { retriesJoin } from '../codes.js';
import { SparkError } from '../error.js';
import { Missing } from './templates.js';

const MOST_WAITING = 64; // events of a component

/** @param {{ env: Environment, link: Link, replies: Replies }} shared @param {Page} page
 *  @param {(element: Element) => View} createView
 *  @param {(name: string) => Promise<void>} want brings a template */
export function createSession({ env, link, replies }, page, createView, want) {
  /** @type {Map<Element, Component>} */
  const all = new Map();
  /** @type {Map<number, Component>} */
  const mounted = new Map();
  const backoff = createBackoff(env.random);

  /** @param {object} frame @param {Done} done */
  function ask(frame, done) {
    const ref = replies.next();
    if (link.send(JSON.stringify({ ...frame, ref }))) replies.expect(ref, done);
    else done(new SparkError('not connected', 'CONNECTION_LOST'));
  }

  /** @param {object} frame */
  const tell = (frame) => link.send(JSON.stringify(frame));

  // Jobs.

  /** @param {Component} component @param {() => void} job */
  function enqueue(component, job) {
    component.jobs.push(job);
    run(component);
  }

  /** @param {Component} component */
  function run(component) {
    while (!component.paused && component.jobs[0]) {
      try {
        component.jobs[0]();
        component.jobs.shift();
      } catch (error) {
        if (error instanceof Missing) wait(component, error.name);
        else broken(component, error);
      }
    }
  }

  /** @param {Component} component @param {string} name */
  function wait(component, name) {
    component.paused = true;
    want(name).then(
      () => {
        component.paused = false;
        run(component);
      },
      (error) => {
        component.paused = false;
        broken(component, error);
      },
    );
  }

  /** The page is not what a patch is for. The whole view puts it right. @param {Component} component @param {unknown} error */
  function broken(component, error) {
    component.jobs = [];
    component.view.broken = component.fresh = true;
    if (!component.id) return;
    if (component.resyncing) page.complain('This part of the page cannot be shown.', error, component);
    else tell({ type: 'component_resync', component_id: component.id });
    component.resyncing = true;
  }

  /** @param {Component} component @param {any[]} data */
  function patch(component, data) {
    const state = { data, at: 0 };
    enqueue(component, () => {
      page.apply(component, state);
      if (!component.view.broken) component.resyncing = false;
      page.updated(component);
    });
  }

  // Mounts.

  /** @param {Component} component */
  function mount(component) {
    component.stop();
    const { element, token, fresh } = component;
    if (!link.isOpen()) return;
    page.load(component, 1);
    component.mounting = true;
    ask({ type: 'component_mount', token, fresh: fresh || undefined }, (error, payload) => {
      page.load(component, -1);
      component.mounting = false;
      if (error) return refused(component, error);
      const id = payload?.component_id;
      if (all.get(element) !== component) return void tell({ type: 'component_unmount', component_id: id });
      component.id = id;
      component.fresh = true;
      component.resyncing = false;
      mounted.set(id, component);
      backoff.reset();
      if (payload.components) enqueue(component, () => page.name(component, payload.components));
      if (payload.patch) patch(component, payload.patch);
      else if (component.view.broken) broken(component, undefined);
      for (const event of component.waiting.splice(0)) event();
    });
  }

  /** @param {Component} component @param {SparkError} error */
  function refused(component, error) {
    const { code, payload } = error;
    if (code === 'CONNECTION_LOST' || ((code === 'REFUSED' || code === 'EXPIRED') && page.reload())) return;
    if (retriesJoin(payload)) component.stop = env.after(backoff.next(), () => mount(component));
    else page.complain(error.message, error, component);
  }

  /** @param {Component} component */
  function forget(component) {
    component.stop();
    component.jobs = [];
    all.delete(component.element);
    mounted.delete(component.id);
  }

  /** The server does not know it any more. @param {Component} component */
  function gone(component) {
    mounted.delete(component.id);
    component.id = 0;
  }

  return {
    ask,

    /** The component that an element is in. @param {Element} element */
    owner(element) {
      const root = element.closest('[data-spark]');
      return root ? all.get(root) : undefined;
    },

    /** The component with this number, or the one that it is in. @param {number} [id] */
    get: (id = 0) => mounted.get(id) ?? (id ? [...all.values()].find((component) => page.has(component, id)) : undefined),

    /** @param {Element} element @param {string} token */
    add(element, token) {
      /** @type {Component} */
      const component = {
        element, token, id: 0, view: createView(element), jobs: [], waiting: [], paused: false, found: false, fresh: false,
        resyncing: false, mounting: false, stop() {},
      };
      all.set(element, component);
      enqueue(component, () => {
        page.hydrate(component);
        component.found = true;
      });
      mount(component);
    },

    /** Forgets the components that are not in the page any more. */
    sweep() {
      for (const component of all.values()) {
        if (component.element.isConnected) continue;
        forget(component);
        if (component.id) tell({ type: 'component_unmount', component_id: component.id });
      }
    },

    up() {
      for (const component of all.values()) mount(component);
    },

    down() {
      mounted.clear();
      for (const component of all.values()) {
        component.stop();
        component.id = 0;
        // They belong to a view that is gone; so does a page whose templates did not come in time.
        component.jobs = [];
        if (!component.found) component.view.broken = component.fresh = true;
      }
    },

    /** Everything that changed. @param {any[]} frame */
    patches(frame) {
      for (let index = 0; index + 1 < frame.length; index += 2) {
        const component = mounted.get(frame[index]);
        if (component && Array.isArray(frame[index + 1])) patch(component, frame[index + 1]);
      }
    },

    /** Does something when the patches before it are done. @param {Component} component @param {() => void} job */
    enqueue,

    /** @param {Component} component @param {Element} element of it, or of a component in it
     *  @param {string} event @param {object} data @param {Done} done */
    send(component, element, event, data, done) {
      const id = () => page.inner(component, element) || component.id;
      const post = () => ask({ type: 'component_event', component_id: id(), event, data }, (error) => {
        if (error?.code === 'NOT_MOUNTED' && component.id) {
          gone(component);
          mount(component);
        }
        done(error);
      });
      if (component.id) return post();
      if (component.waiting.length >= MOST_WAITING) return done(new SparkError('Too much waits to be sent.', 'QUEUE_FULL'));
      component.waiting.push(post);
      if (!component.mounting) mount(component);
    },

    gone,
  };
}
