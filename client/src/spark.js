// Many channels, and the components of a page, over one WebSocket that comes back.

/** @import { Subscription } from './channel.js' */
/** @import { Hook } from './components/hooks.js' */
/** @import { Listener } from './emitter.js' */
/** @import { State, Token } from './link.js' */
/** @import { Params } from './member.js' */
/**
 * @typedef {object} Options
 * @property {Token} [token] travels as a subprotocol; a function is called anew for each socket
 * @property {{ messages?: number, bytes?: number }} [queue] how much may wait to be sent, over all channels: 100 messages
 *   and 1 MiB by default
 * @property {Element | null} [root] carries the state as `data-spark-state` and in classes: <html> by default
 * @property {boolean} [components] whether the components of the page are mounted: they are by default
 */
/** @typedef {ReturnType<typeof connect>} Spark */

import { createChannel } from './channel.js';
import { createComponents } from './components/index.js';
import { createEmitter } from './emitter.js';
import { browser } from './environment.js';
import { SparkError } from './error.js';
import { createLink } from './link.js';
import { createReplies } from './replies.js';
import { checkPath, decode } from './wire.js';

/** Connects to `url`, by default `/spark` of the page's own host. @param {string} [url] @param {Options} [options] */
export function connect(url = '/spark', { token, queue, root, components: wanted = true } = {}, env = browser()) {
  /** Not an object: a channel may have any name. @type {Map<string, Subscription>} */
  const subscriptions = new Map();
  const { on, off, emit } = createEmitter(env.report);
  const room = { messages: 100, bytes: 1 << 20, ...queue };
  const address = env.resolve(url);

  /** @param {Error} error */
  const fail = (error) => {
    if (!emit('error', error)) env.report(error);
  };
  const members = () => [...subscriptions.values(), ...(components?.all() ?? [])];

  const link = createLink(env, address, token, {
    up() {
      for (const { up } of members()) up();
      emit('open');
    },
    down(code, reason) {
      const all = members();
      for (const { down } of all) down();
      replies.fail(code);
      if (link.state() === 'closed') for (const { end } of all) end(code, reason);
      emit('close', code, reason);
    },
    frame(raw) {
      const frame = decode(raw);
      const subscription = subscriptions.get(frame?.channel);
      switch (frame?.type) {
        case 'message':
        case 'binary':
          return subscription?.message(frame.type, frame.data);
        case 'reply':
          return replies.settle(frame);
        case 'unsubscribed':
          return subscription?.unsubscribed(frame.code, frame.reason);
        case 'error':
          return (subscription?.fail ?? fail)(SparkError.from(frame));
        default:
          if (frame) components?.frame(frame);
      }
    },
    error: fail,
    state(state) {
      const shown = root === undefined ? env.root : root;
      shown?.setAttribute('data-spark-state', state);
      shown?.classList.toggle('spark-connected', state === 'open');
      shown?.classList.toggle('spark-offline', !/^(open|connecting)$/.test(state));
      emit('state', state);
    },
  });
  const replies = createReplies(link.send);
  const shared = { env, link, replies };
  /** @type {ReturnType<typeof createComponents> | undefined} */
  let components;
  link.start();
  if (wanted && env.hasPage) components = createComponents(shared, address);

  return {
    /** `connecting`, `open`, `waiting` to try again, `offline` (the same, and the browser sees no network), or `closed` for
     *  good. @returns {State} */
    get state() {
      return link.state();
    },

    /** `open`, `close` (code, reason), `state` (state), `error` (an Error); gives what takes the listener off.
     *  @type {(event: 'open' | 'close' | 'state' | 'error', listener: Listener) => () => void} */
    on,

    /** Takes one listener off, or, without one, all of this event. */
    off,

    /** Joins a channel, now and whenever the connection is back, until it is left.
     *  @param {string} path as in a URL: percent-encoded, without query
     *  @param {{ params?: Params }} [options] a function is called anew for each join */
    subscribe(path, { params } = {}) {
      const { channel } = createChannel(shared, subscriptions, room, fail, checkPath(path), params);
      channel.join();
      return channel;
    },

    /** Says what is to be done with the elements of components that have `data-hook` with this name.
     *  @param {string} name @param {Hook} hook */
    hook: (name, hook) => components?.hook(name, hook),

    /** Lets the server call a function, by this name. @param {string} name @param {(data: any, element: Element) => void} act */
    register: (name, act) => components?.register(name, act),

    /** Mounts the components that have come into the page since. @param {ParentNode} [root] */
    mount: (root = document) => components?.mount(root),

    /** Closes for good; `reconnect` opens again. */
    close: link.close,

    /** Connects now, with another socket, and joins every channel that was not left: those too that were refused or closed. */
    reconnect() {
      for (const { revive } of members()) revive();
      link.start();
    },
  };
}
