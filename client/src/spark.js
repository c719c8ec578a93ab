// Many channels, and the components of a page, over one WebSocket that comes back.

/** @import { Params, Shared } from './channel.js' */
/** @import { Hook } from './components/hooks.js' */
/** @import { Listener } from './emitter.js' */
/** @import { Environment } from './environment.js' */
/** @import { State, Token } from './link.js' */
/**
 * @typedef {object} Options
 * @property {Token} [token] travels as a subprotocol; a function is called anew for each socket
 * @property {{ messages?: number, bytes?: number }} [queue] how much may wait to be sent, over all channels: 100 messages
 *   and 1 MiB by default
 * @property {Element | null} [root] carries the state as `data-spark-state` and in classes: <html> by default
 * @property {boolean} [components] whether the components of the page are mounted: they are by default
 */

import { createSubscription } from './channel.js';
import { createComponents } from './components/index.js';
import { createEmitter } from './emitter.js';
import { browser } from './environment.js';
import { SparkError } from './error.js';
import { createLink } from './link.js';
import { createReplies } from './replies.js';
import { checkPath, decode } from './wire.js';

const QUEUE = { messages: 100, bytes: 1 << 20 };

export class Spark {
  #link;
  #events;
  #shared;
  #components;

  /** Connects to `url`, by default `/spark` of the page's own host. @param {string} [url] @param {Options} [options] */
  static connect(url, options) {
    return new Spark(url, options);
  }

  /** @param {string} [url] @param {Options} [options] @param {Environment} [env] */
  constructor(url = '/spark', { token, queue, root, components: wanted = true } = {}, env = browser()) {
    const replies = createReplies();
    /** Not an object: a channel may have any name. @type {Shared['subscriptions']} */
    const subscriptions = new Map();
    const events = createEmitter(env.report);

    /** @param {Error} error */
    const fail = (error) => {
      if (!events.emit('error', error)) env.report(error);
    };

    const address = env.resolve(url);
    const link = createLink(env, address, token, {
      up() {
        for (const { up } of subscriptions.values()) up();
        components?.up();
        events.emit('open');
      },
      down(code, reason) {
        const all = [...subscriptions.values()];
        for (const { down } of all) down();
        components?.down();
        replies.fail(code);
        if (link.state() === 'closed') for (const { end } of all) end(code, reason);
        events.emit('close', code, reason);
      },
      frame(raw) {
        const frame = decode(raw);
        if (!frame) return;
        const subscription = subscriptions.get(frame.channel);
        switch (frame.type) {
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
            return components?.frame(frame);
        }
      },
      error: fail,
      state(state) {
        const shown = root === undefined ? env.root : root;
        shown?.setAttribute('data-spark-state', state);
        shown?.classList.toggle('spark-connected', state === 'open');
        shown?.classList.toggle('spark-offline', state !== 'open' && state !== 'connecting');
        events.emit('state', state);
      },
    });

    const components = wanted && env.hasPage ? createComponents({ env, link, replies }, address) : undefined;
    this.#components = components;
    this.#link = link;
    this.#events = events;
    this.#shared = { env, link, replies, subscriptions, room: { ...QUEUE, ...queue }, error: fail };
    link.start();
  }

  /** `connecting`, `open`, `waiting` to try again, `offline` (the same, and the browser sees no network), or `closed` for good.
   *  @returns {State} */
  get state() {
    return this.#link.state();
  }

  /** `open`, `close` (code, reason), `state` (state), `error` (an Error).
   *  @param {'open' | 'close' | 'state' | 'error'} event @param {Listener} listener
   *  @returns {() => void} takes the listener off */
  on(event, listener) {
    return this.#events.on(event, listener);
  }

  /** Takes one listener off, or, without one, all of this event. @param {string} event @param {Listener} [listener] */
  off(event, listener) {
    this.#events.off(event, listener);
  }

  /** Joins a channel, now and whenever the connection is back, until it is left.
   *  @param {string} path as in a URL: percent-encoded, without query
   *  @param {{ params?: Params }} [options] a function is called anew for each join */
  subscribe(path, { params } = {}) {
    const { channel } = createSubscription(this.#shared, checkPath(path), params);
    channel.join();
    return channel;
  }

  /** Says what is to be done with the elements of components that have `data-hook` with this name.
   *  @param {string} name @param {Hook} hook */
  hook(name, hook) {
    this.#components?.hook(name, hook);
  }

  /** Lets the server call a function, by this name. @param {string} name @param {(data: any, element: Element) => void} act */
  register(name, act) {
    this.#components?.register(name, act);
  }

  /** Mounts the components that have come into the page since. @param {ParentNode} [root] */
  mount(root = document) {
    this.#components?.mount(root);
  }

  /** Closes for good; `reconnect` opens again. */
  close() {
    this.#link.close();
  }

  /** Connects now, with another socket, and joins every channel that was not left: those too that were refused or closed. */
  reconnect() {
    for (const { revive } of this.#shared.subscriptions.values()) revive();
    this.#link.start();
  }
}
