// Which components the page has: their mounts, and in what order what comes for them is done.

/** @import { Whole } from '../channel.js' */
/** @import { Member } from '../member.js' */
/** @import { View } from './view.js' */
/**
 * @typedef {object} Component
 * @property {Element} element
 * @property {View} view
 * @property {(job: () => void) => void} enqueue does something when the patches before it are done
 * @property {(data: any[]) => void} patch
 * @property {(target: Element, event: string, data: object, done?: (error?: any) => void) => void} send an event of something
 *   in it; what goes wrong is shown
 * @property {() => void} remove it has left the page
 */

/**
 * @typedef {object} Page what a session needs of the page
 * @property {(act: () => void) => void} update does what changes the page
 * @property {(element: Element, by: 1 | -1) => void} load it waits for one answer more, or less
 * @property {() => boolean} reload loads the page anew, unless that would not help
 * @property {(message: string, error: any, element: Element) => void} complain shows what went wrong
 * @property {(element: Element) => () => void} keep keeps what the user has entered; gives what tells the component
 */

import { createMember } from '../member.js';

const MOST_WAITING = 64; // events of a component
/** At an element: its component, the first that any connection made of it. */
const COMPONENT = Symbol();

/** The component that an element is in. @param {Element} element @returns {Component | undefined} */
export const owner = (element) => /** @type {any} */ (element.closest('[data-spark]'))?.[COMPONENT];

/** @param {Whole} shared @param {Page} page @param {(element: Element) => View} createView */
export function createSession(shared, page, createView) {
  const { subscriptions } = shared;
  /** @returns {(Component & Member)[]} */
  const all = () => [...subscriptions.values()].filter((one) => one.view);

  /** Forgets the components that are not in the page any more. */
  function sweep() {
    for (const { element, remove } of all()) if (!element.isConnected) remove();
  }

  /** Whether it is new. @param {any} element @param {string} token */
  function add(element, token) {
    if (COMPONENT in element) return false;
    const view = createView(element);
    const { hole } = view;
    let isFresh = false; // the page may show something else than what was rendered first
    let isAsked = false; // the whole view is to come
    /** What is done in this order. @type {(() => void)[]} */
    let jobs = [];

    // What is a component's only is added below.
    const component = /** @type {Component & Member} */ (createMember(shared, 'component', { messages: MOST_WAITING, bytes: Infinity, queue: new Set() }, () => {
      page.load(element, 1);
      return { type: 'component_mount', token, fresh: isFresh || undefined };
    }, (_, payload) => {
      page.load(element, -1);
      unmount(payload?.[0]);
    }));
    const { sync } = component;
    component.on('joined', ([id, ...rest]) => {
      page.load(element, -1);
      hole.id = id;
      isFresh = true;
      isAsked = false;
      const tellEntered = page.keep(element);
      if (Array.isArray(rest[0])) patch(rest[0]);
      else {
        enqueue(() => [...view.parts].forEach((part, index) => (part.id = rest[index])));
        if (view.isBroken) broken();
      }
      enqueue(tellEntered);
    });
    component.on('error', (error) => {
      page.load(element, -1);
      if (component.state === 'closed' && !(/^(REFUSED|EXPIRED)$/.test(error.code) && page.reload())) page.complain(error.message, error, element);
    });

    /** @param {() => void} job */
    function enqueue(job) {
      if (jobs.push(job) === 1) run();
    }

    /** Does what waits, up to where a template is missing. */
    function run() {
      try {
        for (; jobs[0]; jobs.shift()) jobs[0]();
      } catch (error) {
        const mine = jobs; // those that are dropped are for a view that is gone
        const fail = (/** @type {unknown} */ reason) => mine === jobs && broken(reason);
        if (error instanceof Promise) error.then(run, fail); // of a template
        else fail(error);
      }
    }

    function drop() {
      view.isBroken ||= jobs.length > 0; // what will not be done
      jobs = [];
      isFresh = true;
    }

    /** The page is not what a patch is for. The whole view puts it right. @param {unknown} [error] */
    function broken(error) {
      const { id } = hole;
      drop();
      if (isAsked) page.complain('This part of the page cannot be shown.', error, element);
      else if (id) shared.ask({ type: 'component_resync', component_id: id });
      isAsked = !!id;
    }

    /** @param {any[]} data */
    function patch(data) {
      const state = { data, at: 0 };
      enqueue(() => {
        page.update(() => view.apply(state));
        sweep();
        isAsked &&= view.isBroken;
      });
    }

    /** @param {number | undefined} id */
    const unmount = (id) => id && shared.ask({ type: 'component_unmount', component_id: id });

    enqueue(() => view.hydrate(JSON.parse(element.dataset.shape)));

    Object.assign(component, {
      element,
      view,
      enqueue,
      patch,

      /** @param {boolean} [isWanted] @param {number} [code] @param {string} [reason] */
      sync(isWanted, code, reason) {
        sync(isWanted, code, reason);
        if (!code) return;
        hole.id = 0;
        drop();
      },

      /** @param {Element} target @param {string} event @param {object} data @param {(error?: any) => void} [done] */
      send(target, event, data, done) {
        /** @param {any} [error] */
        const refuse = (error) => {
          // The page mends the first two by itself, and the third was shown.
          if (error && !/^(CONNECTION_LOST|NOT_MOUNTED|CLOSED)$/.test(error.code)) page.complain(error.message, error, element);
          done?.(error);
        };
        const send = () => shared.ask({ type: 'component_event', component_id: view.partOf(target).id || hole.id, event, data }, (error) => {
          if (error?.code === 'NOT_MOUNTED') sync(true);
          refuse(error);
        });
        if (component.state === 'closed') sync(true);
        component.dispatch({ send, refuse });
      },

      remove() {
        component.shut();
        drop();
        subscriptions.delete(element);
        element[COMPONENT] = null;
        unmount(hole.id);
      },
    });
    element[COMPONENT] = component;
    subscriptions.set(element, component);
    component.sync(true);
    return true;
  }

  return {
    /** The component with this number, or the one that it is in. @param {number | undefined} id */
    get(id) {
      if (id) return all().find(({ view }) => view.hole.id === id) ?? all().find(({ view }) => [...view.parts].some((part) => part.id === id));
    },

    add,
    sweep,
  };
}
