// What is joined whenever there is a connection, until it is left: a channel, or a component. And what waits to be sent to it.

/** @import { Environment } from './environment.js' */
/** @import { Link } from './link.js' */
/** @import { Replies } from './replies.js' */
/** @typedef {'joining' | 'joined' | 'closed'} MemberState */
/** @typedef {Record<string, string | number | boolean | undefined>} ParamValues */
/** @typedef {undefined | ParamValues | (() => ParamValues | Promise<ParamValues>)} Params */
/**
 * @typedef {object} Message
 * @property {() => boolean} send whether it went on its way
 * @property {number} size bytes
 * @property {(error: SparkError) => void} refuse
 */
/** @typedef {{ env: Environment, link: Link, replies: Replies }} Shared what all members of a connection have in common */
/** @typedef {{ messages: number, bytes: number }} Room how much more may wait to be sent */
/**
 * @typedef {object} Events
 * @property {(values: ParamValues | undefined) => object} frame what asks for the join
 * @property {() => Params} [params]
 * @property {(payload: any) => void} joined
 * @property {(error: SparkError, retries: boolean) => void} refused
 * @property {() => void} [answered] an answer came, or will not come
 * @property {(payload: any) => void} [late] an answer that nobody waits for any more
 */
/** @typedef {ReturnType<typeof createMember>} Member */

import { createBackoff } from './backoff.js';
import { OVERLOADED, retriesJoin } from './codes.js';
import { evaluate } from './environment.js';
import { SparkError } from './error.js';

/** @param {Shared} shared @param {string} name @param {Room} room @param {Events} on */
export function createMember({ env, link, replies }, name, room, on) {
  /** @type {MemberState} */
  let state = 'closed';
  /** @type {Set<Message>} */
  const queue = new Set();
  let attempt = 0; // what belongs to an earlier join comes too late
  let joinedAt = 0;
  let stopRetry = () => {};
  const backoff = createBackoff(env.random);

  /** @param {string} text @param {string} code */
  const failure = (text, code) => new SparkError(`${name}: ${text}`, code);

  function cancel() {
    attempt += 1;
    stopRetry();
  }

  function later() {
    cancel();
    stopRetry = env.after(backoff.next(), up);
  }

  function up() {
    if (state !== 'joining' || !link.isOpen()) return;
    cancel();
    const mine = attempt;
    /** @param {SparkError | null} error @param {any} [payload] */
    const answered = (error, payload) => {
      on.answered?.();
      if (mine !== attempt) return on.late?.(payload);
      if (error) {
        const retries = error.code === 'PARAMS_FAILED' || retriesJoin(payload);
        if (retries) later();
        else close('refused');
        return on.refused(error, retries);
      }
      state = 'joined';
      joinedAt = env.now();
      on.joined(payload);
      for (const message of queue) if (state !== 'joined' || !message.send() || !forget(message)) break;
    };
    evaluate(
      on.params?.(),
      (values) => mine === attempt && replies.ask(on.frame(values), answered),
      (error) => answered(failure(`there are no params: ${error}`, 'PARAMS_FAILED')),
    );
  }

  function down() {
    cancel();
    if (state === 'joined') state = 'joining';
  }

  /** @param {string} why */
  function close(why) {
    cancel();
    state = 'closed';
    for (const message of queue) {
      forget(message);
      message.refuse(failure(`not sent: ${why}`, 'CLOSED'));
    }
  }

  /** Takes a message out of the queue. @param {Message} message @returns {boolean} whether it was there */
  function forget(message) {
    const waited = queue.delete(message);
    if (waited) {
      room.messages += 1;
      room.bytes += message.size;
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
      cancel();
      if (link.state() !== 'closed') state = 'joining';
      up();
    },

    /** The server ended it, but another try is worth it. @param {number} code */
    lost(code) {
      backoff.lost(env.now() - joinedAt, code === OVERLOADED);
      down();
      later();
    },

    /** Another connection comes, at somebody's wish. */
    revive() {
      if (state === 'closed') state = 'joining';
    },

    /** @param {Message} message */
    dispatch(message) {
      if (state === 'closed') return message.refuse(failure('not sent: closed', 'CLOSED'));
      // What waits goes first.
      if (state === 'joined' && !queue.size && message.send()) return;
      if (room.messages < 1 || room.bytes < message.size) return message.refuse(failure('not sent: too much waits', 'QUEUE_FULL'));
      room.messages -= 1;
      room.bytes -= message.size;
      queue.add(message);
    },
  };
}
