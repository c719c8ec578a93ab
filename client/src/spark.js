// Many channels over one WebSocket that comes back.

/** @import { Params, Shared } from './channel.js' */
/** @import { Listener } from './emitter.js' */
/** @import { Environment } from './environment.js' */
/** @import { State, Token } from './link.js' */
/**
 * @typedef {object} Options
 * @property {Token} [token] travels as a subprotocol; a function is called anew for each socket
 * @property {{ messages?: number, bytes?: number }} [queue] how much may wait to be sent, over all channels: 100 messages
 *   and 1 MiB by default
 * @property {Element | null} [root] carries the state as `data-spark-state`: <html> by default
 */

import { createSubscription } from './channel.js';
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

  /** Connects to `url`, by default `/spark` of the page's own host. @param {string} [url] @param {Options} [options] */
  static connect(url, options) {
    return new Spark(url, options);
  }

  /** @param {string} [url] @param {Options} [options] @param {Environment} [env] */
  constructor(url = '/spark', { token, queue, root } = {}, env = browser()) {
    const replies = createReplies();
    /** Not an object: a channel may have any name. @type {Shared['subscriptions']} */
    const subscriptions = new Map();
    const events = createEmitter(env.report);

    /** @param {Error} error */
    const fail = (error) => {
      if (!events.emit('error', error)) env.report(error);
    };

    const link = createLink(env, env.resolve(url), token, {
      up() {
        for (const { up } of subscriptions.values()) up();
        events.emit('open');
      },
      down(code, reason) {
        const all = [...subscriptions.values()];
        for (const { down } of all) down();
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
        }
      },
      error: fail,
      state(state) {
        (root === undefined ? env.root : root)?.setAttribute('data-spark-state', state);
        events.emit('state', state);
      },
    });

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
