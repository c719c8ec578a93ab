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
 * @property {string | ArrayBuffer} [frame] if it counts by its size
 * @property {number} [size] bytes, while it waits
 */
/** @typedef {{ env: Environment, state: () => State, replies: Replies }} Shared what all members of a connection have in common */
/** @typedef {{ messages: number, bytes: number }} Room how much more may wait to be sent */
/**
 * @typedef {object} Events
 * @property {(values: ParamValues | undefined) => object} frame what asks for the join
 * @property {() => Params} [params]
 * @property {(payload: any) => void} joined
 * @property {(error: SparkError, retries: boolean) => void} refused
 * @property {(error: SparkError | null, payload: any) => void} [late] an answer that nobody waits for any more
 */
/** @typedef {ReturnType<typeof createMember>} Member */

import { createError } from './error.js';
import { createTries, evaluate } from './tries.js';

const PASSING = /^(429|5\d\d|10(01|11|12|13)|RATE_LIMITED|INTERNAL_ERROR|PARAMS_FAILED)$/;

/** Whether what ended or was refused so is tried again by itself. @param {any[]} reasons statuses of HTTP, codes of a close, codes of an error */
export const passes = (...reasons) => reasons.some((reason) => PASSING.test(reason));

/** @param {Shared} shared @param {string} name @param {Room} room @param {Events} on */
export function createMember({ env, state: linkState, replies }, name, room, on) {
  /** @type {MemberState} */
  let state = 'closed';
  /** @type {Set<Message>} */
  const queue = new Set();
  const tries = createTries(env);

  /** @param {string} text @param {string} code */
  const failure = (text, code) => createError(`${name}: ${text}`, code);

  function up() {
    if (state !== 'joining' || linkState() !== 'open') return;
    const current = tries.begin();
    /** @param {SparkError | null} error @param {any} [payload] */
    const answered = (error, payload) => {
      if (error) {
        const retries = passes(error.code, payload?.http, payload?.close);
        if (retries) tries.again(up);
        else close();
        return on.refused(error, retries);
      }
      state = 'joined';
      tries.reached();
      on.joined(payload);
      for (const message of queue) if (state !== 'joined' || !message.send() || !forget(message)) break;
    };
    evaluate(
      on.params?.(),
      current((values) => replies.ask(on.frame(values), current(answered, on.late))),
      current((error) => answered(failure(`${error}`, 'PARAMS_FAILED'))),
    );
  }

  function down() {
    tries.begin();
    if (state === 'joined') state = 'joining';
  }

  function close() {
    tries.begin();
    state = 'closed';
    for (const message of queue) {
      forget(message);
      message.refuse(failure('not sent', 'CLOSED'));
    }
  }

  /** Takes a message out of the queue. @param {Message} message @returns {boolean} whether it was there */
  function forget(message) {
    const waited = queue.delete(message);
    if (waited) {
      room.messages += 1;
      room.bytes += message.size ?? 0;
    }
    return waited;
  }

  return {
    failure,
    up,
    down,
    close,
    forget,
    state: () => state,

    /** Joins, or joins anew. */
    join() {
      tries.begin();
      if (linkState() !== 'closed') state = 'joining';
      up();
    },

    /** The server ended it, but another try is worth it. @param {number} code @param {string} reason */
    lost(code, reason) {
      state = 'joining';
      tries.again(up, code, reason);
    },

    /** @param {Message} message */
    dispatch(message) {
      // What waits goes first.
      if (state === 'joined' && !queue.size && message.send()) return;
      const size = (message.size = new Blob([message.frame ?? '']).size);
      const isFull = room.messages < 1 || room.bytes < size;
      if (isFull || state === 'closed') return message.refuse(failure('not sent', state === 'closed' ? 'CLOSED' : 'QUEUE_FULL'));
      room.messages -= 1;
      room.bytes -= size;
      queue.add(message);
    },
  };
}
