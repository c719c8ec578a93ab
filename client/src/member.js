// What is joined whenever there is a connection, until it is left: a channel, or a component. And what waits to be sent to it.

/** @import { SparkError } from './error.js' */
/** @import { State } from './spark.js' */
/** @typedef {'joining' | 'joined' | 'closed'} MemberState */
/** @typedef {Record<string, string | number | boolean | undefined>} ParamValues */
/** @typedef {undefined | ParamValues | (() => ParamValues | Promise<ParamValues>)} Params */
/**
 * @typedef {object} Message
 * @property {() => boolean} send whether it went on its way
 * @property {(error: SparkError) => void} refuse
 * @property {any} [ready] what is sent, if that is known
 */
/**
 * @typedef {object} Connection what all its members have in common
 * @property {State} state
 * @property {(frame: object, done?: Done, ref?: number, ready?: any) => boolean} ask sends a frame, or what is ready to be sent
 *   with its ref, and says whether it went on its way; without `done` it asks for no reply
 * @property {(event: string, ...args: any[]) => void} emit
 */
/** @typedef {(error: SparkError | null, payload?: any) => void} Done gets the reply */
/** @typedef {{ messages: number, bytes: number, queue: Set<Message> }} Room what waits to be sent, and how much of it may */
/** @typedef {ReturnType<typeof createMember>} Member */

import { createEmitter } from './emitter.js';
import { createError } from './error.js';
import { createTries, evaluate } from './tries.js';

/** What ended or was refused so is tried again by itself: by a status of HTTP, the code of a close, or the code of an error. */
const PASSING = /\b(429|5\d\d|10(01|1[123]))\b|RATE_|PARAMS_FAILED/;

/** Its events: `joined` (payload), `error` (a SparkError), `closed` (code, reason).
 *  @param {Connection} connection @param {string} path @param {Room} room
 *  @param {(values: any) => object} frame asks for the join
 *  @param {Done | null} late gets an answer that nobody waits for any more
 *  @param {() => Params} [params] */
export function createMember(connection, path, room, frame, late, params) {
  const { queue } = room;
  /** @type {Set<Message>} */
  const own = new Set(); // of these
  const emitter = createEmitter((error) => connection.emit('error', error));
  const { emit } = emitter;
  /** @type {MemberState} */
  let state = 'closed';
  const tries = createTries();

  /** @param {string} text @param {string} code */
  const failure = (text, code) => createError(path + ': ' + text, code);

  /** Does what is to be done now: joins if there is a connection, waits if there is none, ends if there will be none.
   *  @param {boolean} [isWanted] also when it is closed @param {number} [code] @param {string} [reason] */
  function sync(isWanted, code, reason) {
    const current = tries.begin();
    const isOver = connection.state === 'closed';
    if (state === 'closed' && (isOver || !isWanted)) return;
    if (isOver) return fall('closed', code, code, reason);
    state = 'joining';
    if (connection.state === 'open') {
      evaluate(
        params?.(),
        current((values) => connection.ask(frame(values), current(answered, late))),
        current((error) => answered(failure(error, 'PARAMS_FAILED'))),
      );
    }
  }

  /** @param {SparkError | null} error @param {any} [payload] */
  function answered(error, payload) {
    if (error) return fall('error', [error.code, payload?.http, payload?.close], error);
    state = 'joined';
    tries.reached();
    emit('joined', payload);
    flush();
  }

  /** Does with what waits what can be done with it now, in its order. */
  function flush() {
    for (const message of own) {
      if (state === 'closed') refuse(message, 'CLOSED');
      else if (state === 'joined' && message.send()) retract(message);
      else break;
    }
  }

  /** It was ended, or refused. @param {'closed' | 'error'} event @param {any} codes what says whether another try is worth it
   *  @param {any[]} why of the event */
  function fall(event, codes, ...why) {
    if (PASSING.test(codes)) {
      state = 'joining';
      tries.again(sync, ...why);
    } else shut();
    emit(event, ...why);
  }

  function shut() {
    tries.begin();
    state = 'closed';
    flush();
  }

  /** Takes a message out of the queue. @param {Message} message @returns {boolean} whether it was there */
  const retract = (message) => own.delete(message) && queue.delete(message);

  /** @param {Message} message @param {string} code */
  function refuse(message, code) {
    message.refuse(failure(retract(message) ? 'not sent' : 'no reply', code));
  }

  return {
    ...emitter,
    path,
    get state() {
      return state;
    },
    sync,
    fall,
    shut,
    refuse,

    /** @param {Message} message */
    dispatch(message) {
      own.add(message);
      queue.add(message);
      flush();
      if (own.size && (queue.size > room.messages || new Blob([...queue].map(({ ready }) => ready)).size > room.bytes)) refuse(message, 'QUEUE_FULL');
    },
  };
}
