// What is joined whenever there is a connection, until it is left: a channel, or a component. And what waits to be sent to it.

/** @import { Environment } from './environment.js' */
/** @import { SparkError } from './error.js' */
/** @import { Replies } from './replies.js' */
/** @import { State } from './spark.js' */
/** @typedef {'joining' | 'joined' | 'closed'} MemberState */
/** @typedef {Record<string, string | number | boolean | undefined>} ParamValues */
/** @typedef {undefined | ParamValues | (() => ParamValues | Promise<ParamValues>)} Params */
/**
 * @typedef {object} Message
 * @property {() => boolean} send whether it went on its way
 * @property {(error: SparkError) => void} refuse
 * @property {any} [ready] what is sent, if that is known
 * @property {number} [size] bytes, while it waits
 */
/**
 * @typedef {object} Connection what all its members have in common
 * @property {Environment} env
 * @property {State} state
 * @property {Replies} replies
 * @property {(event: string, ...args: any[]) => void} emit
 */
/** @typedef {{ messages: number, bytes: number }} Room how much more may wait to be sent */
/** @typedef {ReturnType<typeof createMember>} Member */

import { createEmitter } from './emitter.js';
import { createError } from './error.js';
import { createTries, evaluate } from './tries.js';

/** What ended or was refused so is tried again by itself: by a status of HTTP, the code of a close, or the code of an error. */
const PASSING = /\b(429|5\d\d|10(01|1[123])|RATE_LIMITED|INTERNAL_ERROR|PARAMS_FAILED)\b/;

/** Its events: `joined` (payload), `error` (a SparkError), `closed` (code, reason), and `late` (payload), an answer that nobody
 *  waits for any more.
 *  @param {Connection} connection @param {string} path @param {Room} room
 *  @param {(values: any) => { type: string }} ask the frame that asks for the join
 *  @param {() => Params} [params] */
export function createMember(connection, path, room, ask, params) {
  const { env, replies } = connection;
  const { on, off, emit } = createEmitter((error) => connection.emit('error', error));
  /** @type {MemberState} */
  let state = 'closed';
  /** @type {Set<Message>} */
  const queue = new Set();
  const tries = createTries(env);

  /** @param {string} text @param {string} code */
  const failure = (text, code) => createError(`${path}: ${text}`, code);

  /** Does what is to be done now: joins if there is a connection, waits if there is none, ends if there will be none.
   *  @param {boolean} [isWanted] also when it is closed @param {number} [code] @param {string} [reason] */
  function sync(isWanted, code, reason) {
    const current = tries.begin();
    if (connection.state === 'closed') return end(code, reason);
    if (!isWanted && state === 'closed') return;
    state = 'joining';
    if (connection.state === 'open') {
      evaluate(
        params?.(),
        current((values) => replies.ask(ask(values), current(answered, (_, payload) => emit('late', payload)))),
        current((error) => answered(failure(error, 'PARAMS_FAILED'))),
      );
    }
  }

  /** @param {SparkError | null} error @param {any} [payload] */
  function answered(error, payload) {
    if (error) {
      if (PASSING.test(`${[error.code, payload?.http, payload?.close]}`)) tries.again(sync);
      else shut();
      return emit('error', error);
    }
    state = 'joined';
    tries.reached();
    emit('joined', payload);
    for (const message of queue) if (state !== 'joined' || !message.send() || !retract(message)) break;
  }

  /** The server ended it, or the whole connection ended. @param {any} [code] @param {string} [reason] */
  function end(code, reason) {
    if (state === 'closed') return;
    if (connection.state !== 'closed' && PASSING.test(code)) {
      state = 'joining';
      tries.again(sync, code, reason);
    } else shut();
    emit('closed', code, reason);
  }

  function shut() {
    tries.begin();
    state = 'closed';
    for (const message of queue) refuse(message, 'CLOSED');
  }

  /** Takes a message out of the queue. @param {Message} message @returns {boolean} whether it was there */
  function retract(message) {
    const waited = queue.delete(message);
    if (waited) {
      room.messages += 1;
      room.bytes += message.size ?? 0;
    }
    return waited;
  }

  /** @param {Message} message @param {string} code @param {string} [within] */
  function refuse(message, code, within = '') {
    message.refuse(failure((retract(message) ? 'not sent' : 'no reply') + within, code));
  }

  return {
    path,
    get state() {
      return state;
    },
    on,
    off,
    emit,
    sync,
    end,
    shut,
    refuse,

    /** @param {Message} message */
    dispatch(message) {
      // What waits goes first.
      if (state === 'joined' && !queue.size && message.send()) return;
      queue.add(message);
      room.messages -= 1;
      room.bytes -= message.size = new Blob([message.ready ?? '']).size;
      if (state === 'closed') refuse(message, 'CLOSED');
      else if (Math.min(room.messages, room.bytes) < 0) refuse(message, 'QUEUE_FULL');
    },
  };
}
