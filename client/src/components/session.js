// Which components the page has: their mounts, and in what order what comes for them is done.

/** @import { Member, Shared } from '../member.js' */
/** @import { Done } from '../replies.js' */
/** @import { View } from './view.js' */
/**
 * @typedef {object} Component
 * @property {Element} element
 * @property {View} view
 * @property {(job: () => void) => void} enqueue does something when the patches before it are done
 * @property {(data: any[]) => void} patch
 * @property {(target: Element, event: string, data: object, done: Done) => void} send an event of something in it
 * @property {() => void} end
 * @property {() => void} remove it has left the page
 */
/**
 * @typedef {object} Page what a session needs of the page
 * @property {(name: string) => Promise<void>} want brings a template
 * @property {(element: Element) => any[]} shape of what the server rendered
 * @property {(act: () => void) => void} update does what changes the page
 * @property {(element: Element, by: 1 | -1) => void} load it waits for one answer more, or less
 * @property {() => boolean} reload loads the page anew, unless it did so just now
 * @property {(message: string, error: any, element: Element) => void} complain shows what went wrong
 */
/** @typedef {ReturnType<typeof createSession>} Session */

import { createMember } from '../member.js';
import { Missing } from './templates.js';

const MOST_WAITING = 64; // events of a component

/** @param {Shared} shared @param {Page} page @param {(element: Element) => View} createView */
export function createSession(shared, page, createView) {
  const { replies } = shared;
  /** @type {Map<Element, Component & Member>} */
  const all = new Map();

  /** @param {Element} element @param {string} token @returns {Component & Member} */
  function create(element, token) {
    const view = createView(element);
    let isFound = false; // in what the server rendered
    let isFresh = false; // the page may show something else than what was rendered first
    let isAsked = false; // the whole view is to come
    /** What is done in this order. @type {(() => void)[]} */
    let jobs = [];

    const member = createMember(shared, 'component', { messages: MOST_WAITING, bytes: 0 }, {
      frame() {
        page.load(element, 1);
        return { type: 'component_mount', token, fresh: isFresh || undefined };
      },
      answered: () => page.load(element, -1),
      joined({ component_id: id, components, patch: data }) {
        view.hole.id = id;
        isFresh = true;
        isAsked = false;
        if (components) enqueue(() => view.parts().forEach((part, index) => (part.id = components[index])));
        if (data) patch(data);
        else if (view.isBroken()) broken();
      },
      refused(error, retries) {
        if (!retries && !(/^(REFUSED|EXPIRED)$/.test(error.code ?? '') && page.reload())) page.complain(error.message, error, element);
      },
      late: (payload) => payload && unmount(payload.component_id),
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
        if (error instanceof Missing) page.want(error.name).then(run, fail);
        else fail(error);
      }
    }

    function drop() {
      jobs = [];
    }

    /** The page is not what a patch is for. The whole view puts it right. @param {unknown} [error] */
    function broken(error) {
      drop();
      view.spoil();
      isFresh = true;
      const { id } = view.hole;
      if (isAsked) page.complain('This part of the page cannot be shown.', error, element);
      else if (id) replies.tell({ type: 'component_resync', component_id: id });
      isAsked = !!id;
    }

    /** @param {any[]} data */
    function patch(data) {
      const state = { data, at: 0 };
      enqueue(() => {
        page.update(() => view.apply(state));
        isAsked &&= view.isBroken();
      });
    }

    /** @param {number | undefined} id */
    const unmount = (id) => id && replies.tell({ type: 'component_unmount', component_id: id });

    enqueue(() => {
      view.hydrate(page.shape(element));
      isFound = true;
    });

    return {
      ...member,
      element,
      view,
      enqueue,
      patch,

      down() {
        member.down();
        view.hole.id = 0;
        drop();
        // Its templates did not come in time.
        if (!isFound) {
          view.spoil();
          isFresh = true;
        }
      },

      send(target, event, data, done) {
        const send = () => replies.ask({ type: 'component_event', component_id: view.partOf(target).id || view.hole.id, event, data }, (error) => {
          if (error?.code === 'NOT_MOUNTED') member.join();
          done(error);
        });
        if (member.state() === 'closed') member.join();
        member.dispatch({ send, size: 0, refuse: done });
      },

      end: () => member.close('closed'),

      remove() {
        member.close('gone');
        drop();
        all.delete(element);
        unmount(view.hole.id);
      },
    };
  }

  return {
    all: () => all.values(),

    /** The component that an element is in. @param {Element} element */
    owner(element) {
      const root = element.closest('[data-spark]');
      return root ? all.get(root) : undefined;
    },

    /** The component with this number, or the one that it is in. @param {number | undefined} id */
    get: (id) => [...all.values()].find(({ view }) => id && [view.hole, ...view.parts()].some((part) => part.id === id)),

    /** @param {Element} element @param {string} token */
    add(element, token) {
      const component = create(element, token);
      all.set(element, component);
      component.join();
    },

    /** Forgets the components that are not in the page any more. */
    sweep() {
      for (const { element, remove } of all.values()) if (!element.isConnected) remove();
    },
  };
}
