// One channel.

/** @import { Listener } from './emitter.js' */
/** @import { SparkError } from './error.js' */
/** @import { Connection, Done, Member, MemberState, Params, Room } from './member.js' */
/** @typedef {Connection & { subscriptions: Map<string | Element, any>, room: Room, next: () => number }} Whole */
/** @typedef {Channel & Member} Subscription */
/**
 * @typedef {object} Channel
 * @property {string} path
 * @property {MemberState} state `joining` until it is joined, also when the connection is lost; `closed` when it will not be
 *   joined by itself
 * @property {(event: 'message' | 'binary' | 'joined' | 'error' | 'closed', listener: Listener) => () => void} on
 *   `message` (data), `binary` (ArrayBuffer), `joined` (payload), `error` (SparkError), `closed` (code, reason); gives a
 *   function that takes the listener off
 * @property {(event: string, listener?: Listener) => void} off takes one listener off, or, without one, all of this event
 * @property {Send} send sends JSON, or the bytes of an ArrayBuffer or a view of one
 * @property {(params?: Params) => void} join joins again what was closed or left, or anew what is joined; with these params,
 *   if there are any
 * @property {() => void} leave leaves; what waits to be sent is not sent
 */
/**
 * With a second argument, even an empty one, it asks for a reply, and gives a promise of its payload; `timeout` is in ms,
 * 10,000 unless it says otherwise. What cannot be sent rejects the promise, or, if there is none, is an `error` event.
 * @typedef {{ (data: unknown): undefined, (data: unknown, options: { timeout?: number }): Promise<any> }} Send
 */

import { createMember } from './member.js';
import { encodeMessage } from './wire.js';

const REPLY_WITHIN = 10_000; // ms, unless the message says otherwise
const LONGEST = 2 ** 31 - 1; // ms; a browser takes more for nothing

/** @param {Whole} connection @param {string} path @param {Params} params @returns {Channel} */
export function createChannel(connection, path, params) {
  const { ask, subscriptions } = connection;
  // What is a channel's only is added below.
  const channel = /** @type {Subscription} */ (createMember(connection, path, connection.room, (values) => ({ type: 'subscribe', channel: path, params: values }), null, () => params));

  function unsubscribe() {
    // With a ref, so that the answer is ours to ignore: it may say that the server was quicker.
    if (channel.state !== 'closed') ask({ type: 'unsubscribe', channel: path }, () => {});
  }

  /** @param {unknown} data @param {{ timeout?: number }} [options] */
  function send(data, options) {
    /** @param {(payload: any) => void} resolve @param {(error: SparkError) => void} reject */
    const post = (resolve, reject) => {
      const ref = options && connection.next();
      const ready = encodeMessage(path, data, ref);
      const timer = options && setTimeout(() => channel.refuse(message, 'TIMEOUT'), Math.min(options.timeout ?? REPLY_WITHIN, LONGEST));
      /** @type {Done} */
      const done = (error, payload) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve(payload);
      };
      const message = { ready, refuse: done, send: () => ask({}, options && done, ref, ready) };
      channel.dispatch(message);
    };
    if (options) return new Promise(post);
    post(/** @type {any} */ (0), (error) => channel.emit('error', error));
  }

  Object.assign(channel, {
    send: /** @type {Send} */ (send),

    join(values = params) {
      const present = subscriptions.get(path);
      if (present && present !== channel && present.state !== 'closed') throw new Error(`already subscribed to ${path}`);
      subscriptions.set(path, channel);
      params = values;
      unsubscribe();
      channel.sync(true);
    },

    leave() {
      unsubscribe();
      if (subscriptions.get(path) === channel) subscriptions.delete(path);
      channel.shut();
    },
  });
  channel.join();
  return channel;
}
