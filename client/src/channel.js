// One channel: its joins, and what waits for them.

/** @import { Listener } from './emitter.js' */
/** @import { Environment } from './environment.js' */
/** @import { Link } from './link.js' */
/** @import { Done, Replies } from './replies.js' */
/** @typedef {'joining' | 'joined' | 'closed'} ChannelState */
/** @typedef {Record<string, string | number | boolean | undefined>} ParamValues */
/** @typedef {undefined | ParamValues | (() => ParamValues | Promise<ParamValues>)} Params */
/** @typedef {{ frame: string | ArrayBuffer, size: number, ref?: number, done: Done }} Message */
/** @typedef {ReturnType<typeof createSubscription>} Subscription */
/**
 * @typedef {object} Shared what all channels of a connection have in common
 * @property {Environment} env
 * @property {Link} link
 * @property {Replies} replies
 * @property {Map<string, Subscription>} subscriptions
 * @property {{ messages: number, bytes: number }} room how much more may wait to be sent
 * @property {(error: Error) => void} error for what nobody here listens to
 */
/**
 * @typedef {object} Channel
 * @property {string} path
 * @property {ChannelState} state `joining` until it is joined, also when the connection is lost; `closed` when it will not be
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

import { createBackoff } from './backoff.js';
import { OVERLOADED, retriesChannel, retriesJoin } from './codes.js';
import { createEmitter } from './emitter.js';
import { evaluate } from './environment.js';
import { SparkError } from './error.js';
import { encodeMessage, sizeOf } from './wire.js';

const REPLY_WITHIN = 10_000; // ms, unless the message says otherwise
const LONGEST = 2 ** 31 - 1; // ms; a browser takes more for nothing

/** @param {Shared} shared @param {string} path @param {Params} params */
export function createSubscription({ env, link, replies, subscriptions, room, error: unheard }, path, params) {
  /** @type {ChannelState} */
  let state = 'closed';
  /** @type {Message[]} */
  const queue = [];
  let attempt = 0; // what belongs to an earlier join comes too late
  let joinedAt = 0;
  let stopRetry = () => {};
  const backoff = createBackoff(env.random);
  const { on, off, emit } = createEmitter(env.report);

  /** @param {string} text @param {string} code */
  const failure = (text, code) => new SparkError(`${path}: ${text}`, code);

  /** @param {Error} error */
  function fail(error) {
    if (!emit('error', error)) unheard(error);
  }

  // Joining.

  function cancel() {
    attempt += 1;
    stopRetry();
  }

  function later() {
    cancel();
    stopRetry = env.after(backoff.next(), up);
  }

  /** @param {string} type @param {Params} values @param {Done} done */
  function ask(type, values, done) {
    const ref = replies.next();
    if (link.send(JSON.stringify({ type, channel: path, params: values, ref }))) replies.expect(ref, done);
  }

  function up() {
    if (state !== 'joining' || !link.isOpen()) return;
    cancel();
    const mine = attempt;
    /** @param {SparkError} error @param {boolean} again */
    const refused = (error, again) => {
      if (mine !== attempt) return;
      if (again) later();
      else close('refused');
      fail(error);
    };
    evaluate(
      params,
      (values) => {
        if (mine !== attempt) return;
        ask('subscribe', values, (error, payload) => {
          if (error) refused(error, retriesJoin(payload));
          else if (mine === attempt) joined(payload);
        });
      },
      (error) => refused(failure(`there are no params: ${error}`, 'PARAMS_FAILED'), true),
    );
  }

  /** @param {any} payload */
  function joined(payload) {
    state = 'joined';
    joinedAt = env.now();
    // Before anybody is told, and can send more.
    for (let message; (message = queue[0]) && post(message); ) forget(message);
    emit('joined', payload);
  }

  function unsubscribe() {
    cancel();
    // With a ref, so that the answer is ours to ignore: it may say that the server was quicker.
    if (state !== 'closed') ask('unsubscribe', undefined, () => {});
  }

  function down() {
    cancel();
    if (state === 'joined') state = 'joining';
  }

  /** @param {string} why */
  function close(why) {
    cancel();
    state = 'closed';
    for (const message of [...queue]) {
      forget(message);
      message.done(failure(`not sent: ${why}`, 'CLOSED'));
    }
  }

  // Sending.

  /** @param {Message} message */
  function post({ frame, ref, done }) {
    const sent = link.send(frame);
    if (sent && ref !== undefined) replies.expect(ref, done);
    return sent;
  }

  /** Takes a message out of the queue. @param {Message} message @returns {boolean} whether it was there */
  function forget(message) {
    const at = queue.indexOf(message);
    if (at < 0) return false;
    queue.splice(at, 1);
    room.messages += 1;
    room.bytes += message.size;
    return true;
  }

  /** @param {Message} message */
  function dispatch(message) {
    if (state === 'closed') return message.done(failure('not sent: closed', 'CLOSED'));
    if (state === 'joined' && post(message)) return;
    message.size = sizeOf(message.frame);
    if (room.messages < 1 || room.bytes < message.size) {
      return message.done(failure('not sent: too much waits', 'QUEUE_FULL'));
    }
    room.messages -= 1;
    room.bytes -= message.size;
    queue.push(message);
  }

  /** @param {unknown} data @param {{ timeout?: number }} [options] */
  function send(data, options) {
    if (!options) {
      dispatch({ frame: encodeMessage(path, data), size: 0, done: (error) => error && fail(error) });
      return;
    }
    return new Promise((resolve, reject) => {
      const ref = replies.next();
      const { timeout = REPLY_WITHIN } = options;
      /** @type {Message} */
      const message = {
        frame: encodeMessage(path, data, ref),
        size: 0,
        ref,
        done(error, payload) {
          stop();
          if (error) reject(error);
          else resolve(payload);
        },
      };
      const stop = env.after(Math.min(timeout, LONGEST), () => {
        const what = forget(message) ? 'not sent' : 'no reply';
        replies.take(ref);
        reject(failure(`${what} within ${timeout} ms`, 'TIMEOUT'));
      });
      dispatch(message);
    });
  }

  /** @param {Params} [values] */
  function join(values = params) {
    const present = subscriptions.get(path);
    if (present && present !== self && present.channel.state !== 'closed') throw new Error(`already subscribed to ${path}`);
    subscriptions.set(path, self);
    params = values;
    unsubscribe();
    if (link.state() !== 'closed') state = 'joining';
    up();
  }

  /** @type {Channel} */
  const channel = {
    path,
    get state() {
      return state;
    },
    on,
    off,
    send: /** @type {Send} */ (send),
    join,
    leave() {
      unsubscribe();
      if (subscriptions.get(path) === self) subscriptions.delete(path);
      close('left');
    },
  };

  const self = {
    channel,
    up,
    down,
    fail,

    /** No other socket will come by itself. @param {number} code @param {string} reason */
    end(code, reason) {
      if (state === 'closed') return;
      close(`closed (${code})`);
      emit('closed', code, reason);
    },

    /** Another one comes, at somebody's wish. */
    revive() {
      if (state === 'closed') state = 'joining';
    },

    /** @param {string} event @param {unknown} data */
    message(event, data) {
      // While it joins, what comes is of the subscription before.
      if (state === 'joined') emit(event, data);
    },

    /** @param {number} code @param {string} reason */
    unsubscribed(code, reason) {
      if (state !== 'joined') return;
      if (!retriesChannel(code)) return self.end(code, reason);
      backoff.lost(env.now() - joinedAt, code === OVERLOADED);
      down();
      later();
      emit('closed', code, reason);
    },
  };
  return self;
}
