// Which components the page has: their mounts, and in what order what comes for them is done.

/** @import { Connection, Done, Member } from '../member.js' */
/** @import { View } from './view.js' */
/**
 * @typedef {object} Component
 * @property {Element} element
 * @property {View} view
 * @property {(job: () => void) => void} enqueue does something when the patches before it are done
 * @property {(data: any[]) => void} patch
 * @property {(target: Element, event: string, data: object, done: Done) => void} send an event of something in it
 * @property {() => void} remove it has left the page
 */
/**
 * @typedef {object} Page what a session needs of the page
 * @property {(name: string) => Promise<void>} want brings a template
 * @property {(element: Element) => any[]} shape of what the server rendered
 * @property {(nodes: Node[]) => void} updated a patch is done; what changed
 * @property {(element: Element, by: 1 | -1) => void} load it waits for one answer more, or less
 * @property {() => boolean} reload loads the page anew, unless it did so just now
 * @property {(message: string, error: any, element: Element) => void} complain shows what went wrong
 */
/** @typedef {ReturnType<typeof createSession>} Session */

import { createMember } from '../member.js';
import { Missing } from './templates.js';

const MOST_WAITING = 64; // events of a component

/** @param {Connection} shared @param {Page} page @param {(element: Element) => View} createView */
export function createSession(shared, page, createView) {
  /** @type {Map<Element, Component & Member>} */
  const all = new Map();

  /** @param {Element} element @param {string} token @returns {Component & Member} */
  function create(element, token) {
    const view = createView(element);
    let isFound = false; // in what the server rendered
    let isFresh = false; // the page may show something else than what was rendered first
    let isAsked = false; // the whole view is to come
    let epoch = 0; // jobs of an earlier one are for a view that is gone
    let jobs = Promise.resolve();

    const member = createMember(shared, 'component', { messages: MOST_WAITING, bytes: Infinity, queue: new Set() }, () => {
      page.load(element, 1);
      return { type: 'component_mount', token, fresh: isFresh || undefined };
    });
    const { sync } = member;
    member.on('joined', ([id, ...rest]) => {
      page.load(element, -1);
      view.hole.id = id;
      isFresh = true;
      isAsked = false;
      if (Array.isArray(rest[0])) return patch(rest[0]);
      enqueue(() => view.parts().forEach((part, index) => (part.id = rest[index])));
      if (view.isBroken()) broken();
    });
    member.on('error', (error) => {
      page.load(element, -1);
      if (member.state === 'closed' && !(/^(REFUSED|EXPIRED)$/.test(error.code ?? '') && page.reload())) page.complain(error.message, error, element);
    });
    member.on('late', (payload) => {
      page.load(element, -1);
      unmount(payload?.[0]);
    });

    /** @param {() => void} job */
    function enqueue(job) {
      const mine = epoch;
      jobs = jobs.then(async () => {
        while (mine === epoch) {
          try {
            return job();
          } catch (error) {
            await (error instanceof Missing ? page.want(error.name) : Promise.reject(error)).catch((reason) => mine === epoch && broken(reason));
          }
        }
      });
    }

    function drop() {
      epoch += 1;
      jobs = Promise.resolve();
    }

    /** The page is not what a patch is for. The whole view puts it right. @param {unknown} [error] */
    function broken(error) {
      drop();
      view.spoil();
      isFresh = true;
      const { id } = view.hole;
      if (isAsked) page.complain('This part of the page cannot be shown.', error, element);
      else if (id) shared.ask({ type: 'component_resync', component_id: id });
      isAsked = !!id;
    }

    /** @param {any[]} data */
    function patch(data) {
      const state = { data, at: 0 };
      enqueue(() => {
        view.apply(state);
        isAsked &&= view.isBroken();
        page.updated(view.changes());
      });
    }

    /** @param {number | undefined} id */
    const unmount = (id) => id && shared.ask({ type: 'component_unmount', component_id: id });

    enqueue(() => {
      view.hydrate(page.shape(element));
      isFound = true;
    });

    return Object.assign(member, {
      element,
      view,
      enqueue,
      patch,

      /** @param {boolean} [isWanted] @param {number} [code] @param {string} [reason] */
      sync(isWanted, code, reason) {
        sync(isWanted, code, reason);
        if (!code) return;
        view.hole.id = 0;
        drop();
        // Its templates did not come in time.
        if (!isFound) {
          view.spoil();
          isFresh = true;
        }
      },

      /** @param {Element} target @param {string} event @param {object} data @param {Done} done */
      send(target, event, data, done) {
        const send = () => shared.ask({ type: 'component_event', component_id: view.partOf(target).id || view.hole.id, event, data }, (error) => {
          if (error?.code === 'NOT_MOUNTED') sync(true);
          done(error);
        });
        if (member.state === 'closed') sync(true);
        member.dispatch({ send, refuse: done });
      },

      remove() {
        member.shut();
        drop();
        all.delete(element);
        unmount(view.hole.id);
      },
    });
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
      component.sync(true);
    },

    /** Forgets the components that are not in the page any more. */
    sweep() {
      for (const { element, remove } of all.values()) if (!element.isConnected) remove();
    },
  };
}
