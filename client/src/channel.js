// One channel.

/** @import { Listener } from './emitter.js' */
/** @import { Member, MemberState, Params, Room, Shared } from './member.js' */
/** @import { Done } from './replies.js' */
/**
 * @typedef {Member & {
 *   channel: Channel, emit: (event: string, ...args: any[]) => void, end: (code: number, reason: string) => void,
 *   frame: (frame: Record<string, any>) => void,
 * }} Subscription
 */
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

import { createEmitter } from './emitter.js';
import { createMember, passes } from './member.js';
import { encodeMessage } from './wire.js';

const REPLY_WITHIN = 10_000; // ms, unless the message says otherwise
const LONGEST = 2 ** 31 - 1; // ms; a browser takes more for nothing

/** @param {Shared} shared @param {Map<string, Subscription>} subscriptions @param {Room} room
 *  @param {(error: Error) => void} unheard gets the errors that nobody here listens to
 *  @param {string} path @param {Params} params @returns {Subscription} */
export function createChannel(shared, subscriptions, room, unheard, path, params) {
  const { env, replies } = shared;
  const { on, off, emit } = createEmitter(unheard);
  const member = createMember(shared, path, room, {
    params: () => params,
    frame: (values) => ({ type: 'subscribe', channel: path, params: values }),
    joined: (payload) => emit('joined', payload),
    refused: (error) => emit('error', error),
  });

  function unsubscribe() {
    // With a ref, so that the answer is ours to ignore: it may say that the server was quicker.
    if (member.state() !== 'closed') replies.ask({ type: 'unsubscribe', channel: path }, () => {});
  }

  /** @param {unknown} data @param {{ timeout?: number }} [options] */
  function send(data, options) {
    const ref = options && replies.next();
    /** @type {Done} */
    let done = (error) => void (error && emit('error', error));
    const post = () => {
      const frame = encodeMessage(path, data, ref);
      const message = { frame, send: () => replies.post(frame, ref, done), refuse: done };
      member.dispatch(message);
      return message;
    };
    if (!ref) return void post();
    const { timeout = REPLY_WITHIN } = options;
    let timer = 0;
    return new Promise((resolve, reject) => {
      done = (error, payload) => (error ? reject(error) : resolve(payload));
      const message = post();
      timer = env.setTimeout(() => {
        replies.forget(ref);
        reject(member.failure(`${member.forget(message) ? 'not sent' : 'no reply'} within ${timeout} ms`, 'TIMEOUT'));
      }, Math.min(timeout, LONGEST));
    }).finally(() => env.clearTimeout(timer));
  }

  /** No other socket will come by itself. @param {number} code @param {string} reason */
  function end(code, reason) {
    if (member.state() === 'closed') return;
    member.close();
    emit('closed', code, reason);
  }

  /** @type {Channel} */
  const channel = {
    path,
    get state() {
      return member.state();
    },
    on,
    off,
    send: /** @type {Send} */ (send),
    join(values = params) {
      const present = subscriptions.get(path);
      if (present && present !== self && present.state() !== 'closed') throw new Error(`already subscribed to ${path}`);
      subscriptions.set(path, self);
      params = values;
      unsubscribe();
      member.join();
    },
    leave() {
      unsubscribe();
      if (subscriptions.get(path) === self) subscriptions.delete(path);
      member.close();
    },
  };

  /** @type {Subscription} */
  const self = {
    ...member,
    channel,
    emit,
    end,

    /** @param {Record<string, any>} frame */
    frame({ type, data, code, reason }) {
      // While it joins, what comes is of the subscription before.
      if (channel.state !== 'joined') return;
      if (/^(message|binary)$/.test(type)) emit(type, data);
      if (type !== 'unsubscribed') return;
      if (!passes(code)) return end(code, reason);
      member.lost(code, reason);
      emit('closed', code, reason);
    },
  };
  return self;
}
