// One WebSocket after the other: when to open the next, and when to give the present one up.

/** @import { Environment } from './environment.js' */
/** @typedef {'connecting' | 'open' | 'waiting' | 'offline' | 'closed'} State */
/** @typedef {string | undefined | (() => string | undefined | Promise<string | undefined>)} Token */
/**
 * @typedef {object} Events
 * @property {() => void} up
 * @property {(code: number, reason: string) => void} down an open socket is lost, or no other will be opened
 * @property {(frame: string | ArrayBuffer) => void} frame
 * @property {(error: Error) => void} error
 * @property {(state: State) => void} state it has changed
 */
/** @typedef {ReturnType<typeof createLink>} Link */

import { createBackoff } from './backoff.js';
import { OVERLOADED, endsSocket, hintOf } from './codes.js';
import { evaluate } from './environment.js';
import { SparkError } from './error.js';
import { createWatch } from './watch.js';

const PING = '{"type":"ping"}';
const ABNORMAL = 1006; // no close frame came
const OPEN = 1; // WebSocket.OPEN

/** @param {Environment} env @param {string} url @param {Token} token @param {Events} on */
export function createLink(env, url, token, on) {
  /** @type {State} */
  let state = 'closed';
  /** @type {State} */
  let announced = state;
  /** @type {WebSocket | undefined} */
  let socket;
  let attempt = 0; // what belongs to an earlier one comes too late
  let openedAt = 0;
  let stopRetry = () => {};
  let mayHurry = true; // unless the server said when to come back
  let unwatch = () => {};
  const backoff = createBackoff(env.random);
  const watch = createWatch(env, () => send(PING), () => lost(ABNORMAL, 'No answer'));

  const isOpen = () => state === 'open';
  const waiting = () => (env.isOnline() ? 'waiting' : 'offline');

  /** Says what is so now: a listener may have changed it again since. */
  function announce() {
    if (state === announced) return;
    announced = state;
    on.state(state);
  }

  /** @param {string | ArrayBuffer} frame @returns {boolean} whether it went on its way */
  function send(frame) {
    // A socket that is closing already would swallow it.
    if (!isOpen() || socket?.readyState !== OPEN) return false;
    socket.send(frame);
    return true;
  }

  /** Lets go of the present socket, which may take minutes to report its own close. */
  function detach() {
    attempt += 1;
    stopRetry();
    watch.stop();
    const old = socket;
    socket = undefined;
    old?.close(1000);
  }

  function connect() {
    const wasOpen = isOpen();
    detach();
    const mine = attempt;
    state = 'connecting';
    watch.opening();
    if (wasOpen) on.down(1000, 'Reconnecting');
    announce();
    evaluate(
      token,
      (value) => mine === attempt && open(value), // unless a listener, or time, decided otherwise
      (error) => {
        if (mine !== attempt) return;
        lost(ABNORMAL, '');
        on.error(new SparkError(`There is no token: ${error}`, 'PARAMS_FAILED'));
      },
    );
  }

  /** @param {string | undefined} bearer */
  function open(bearer) {
    try {
      // The second one is never chosen: it is how a browser shows a token.
      socket = env.open(url, bearer === undefined ? [] : ['lazuli', `bearer.${bearer}`]);
    } catch (error) {
      // An address or a token that no socket takes; another try would not end better.
      end(ABNORMAL, String(error));
      return on.error(/** @type {Error} */ (error));
    }
    const mine = socket;
    mine.binaryType = 'arraybuffer';
    mine.onopen = () => {
      if (mine !== socket) return;
      openedAt = env.now();
      state = 'open';
      watch.heard();
      on.up();
      announce();
    };
    mine.onmessage = (event) => {
      if (mine !== socket) return;
      watch.heard();
      on.frame(event.data);
    };
    mine.onclose = (event) => mine === socket && lost(event.code, event.reason);
  }

  /** @param {number} code @param {string} reason */
  function lost(code, reason) {
    if (endsSocket(code)) return end(code, reason);
    const wasOpen = isOpen();
    const overloaded = code === OVERLOADED;
    const hint = hintOf(code, reason);
    detach();
    if (wasOpen) backoff.lost(env.now() - openedAt, overloaded);
    mayHurry = hint === undefined && !overloaded;
    stopRetry = env.after(hint ?? backoff.next(), connect);
    state = waiting();
    if (wasOpen) on.down(code, reason);
    announce();
  }

  /** Nothing more comes by itself. @param {number} code @param {string} reason */
  function end(code, reason) {
    detach();
    unwatch();
    state = 'closed';
    on.down(code, reason);
    announce();
  }

  /** What the browser says is a hint, no more: it may be wrong about the network. @param {string} name */
  function hint(name) {
    if (isOpen()) watch.ask();
    else if (state !== 'connecting') {
      if (name !== 'offline' && mayHurry) return connect();
      state = waiting();
      announce();
    }
  }

  return {
    send,
    isOpen,
    state: () => state,

    /** Opens a socket now, another one if there is one. */
    start() {
      if (state === 'closed') unwatch = env.watch(hint);
      backoff.reset();
      connect();
    },

    close() {
      if (state !== 'closed') end(1000, '');
    },
  };
}
