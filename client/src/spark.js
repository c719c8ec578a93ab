// Many channels, and the components of a page, over one WebSocket that comes back.

/** @import { Subscription } from './channel.js' */
/** @import { Hook } from './components/hooks.js' */
/** @import { Listener } from './emitter.js' */
/** @import { Environment } from './environment.js' */
/** @import { Params } from './member.js' */
/** @typedef {'connecting' | 'open' | 'waiting' | 'offline' | 'closed'} State */
/** @typedef {string | undefined | (() => string | undefined | Promise<string | undefined>)} Token */
/**
 * @typedef {object} Options
 * @property {Token} [token] travels as a subprotocol; a function is called anew for each socket
 * @property {{ messages?: number, bytes?: number }} [queue] how much may wait to be sent, over all channels: 100 messages
 *   and 1 MiB by default
 * @property {Element | null} [root] carries the state as `data-spark-state` and in classes: <html> by default
 * @property {boolean} [components] whether the components of the page are mounted: they are by default
 */
/** @typedef {ReturnType<typeof connect>} Spark */

import { createChannel } from './channel.js';
import { createComponents } from './components/index.js';
import { createEmitter } from './emitter.js';
import { createError, errorOf } from './error.js';
import { createReplies } from './replies.js';
import { createTries, evaluate } from './tries.js';
import { checkPath, decode } from './wire.js';

// 1000 was asked for; after 1002, 1003, 1007 and 1010 the client must be mended, after 1008 it needs new authentication.
const FOR_GOOD = /^10(0[02378]|10)$/;
const NORMAL = 1000;
const UNUSABLE = 1002;
const ABNORMAL = 1006; // no close frame came
const OPEN = 1; // WebSocket.OPEN

const PING = '{"type":"ping"}';
const PING_AFTER = 25_000; // ms of silence
const ANSWER_WITHIN = 10_000; // ms

/** Connects to `url`, by default `/spark` of the page's own host.
 *  @param {string} [url] @param {Options} [options] @param {Environment} [env] */
export function connect(url = '/spark', { token, queue, root, components: wanted = true } = {}, env = window) {
  /** Not an object: a channel may have any name. @type {Map<string, Subscription>} */
  const subscriptions = new Map();
  const { on, off, emit } = createEmitter(env.reportError);
  const room = { messages: 100, bytes: 1 << 20, ...queue };
  const address = new URL(url, env.location.href.replace('http', 'ws')).href;
  const tries = createTries(env);
  const replies = createReplies(send);
  const shared = { env, replies, state: () => state };

  /** @type {State} */
  let state = 'closed';
  /** @type {State} */
  let announced = state;
  /** @type {WebSocket | undefined} */
  let socket;
  let mayHurry = true; // unless the server said when to come back
  let isAsking = false; // whether anybody is there
  /** @type {ReturnType<typeof createComponents> | undefined} */
  let components;

  const members = () => [...subscriptions.values(), ...(components?.all() ?? [])];
  const waiting = () => (env.navigator.onLine ? 'waiting' : 'offline');

  /** @param {string | ArrayBuffer} frame @returns {boolean} whether it went on its way */
  function send(frame) {
    // A socket that is closing already would swallow it.
    const isOpen = socket?.readyState === OPEN;
    if (isOpen) socket?.send(frame);
    return isOpen;
  }

  /** Says what is so now: a listener may have changed it again since. */
  function announce() {
    if (state === announced) return;
    announced = state;
    const shown = root === undefined ? env.document.documentElement : root;
    shown?.setAttribute('data-spark-state', state);
    shown?.classList.toggle('spark-connected', state === 'open');
    shown?.classList.toggle('spark-offline', !/open|connecting/.test(state));
    emit('state', state);
  }

  /** Lets go of the present socket, which may take minutes to report its own close.
   *  @param {State} next @param {number} code @param {string} reason */
  function turn(next, code, reason) {
    const wasOpen = state === 'open';
    socket?.close(NORMAL);
    state = next;
    if (wasOpen || state === 'closed') {
      const all = members();
      for (const { down } of all) down();
      replies.fail(code);
      if (state === 'closed') for (const { end } of all) end(code, reason);
      emit('close', code, reason);
    }
    announce();
  }

  function open() {
    const current = tries.begin();
    tries.after(ANSWER_WITHIN, dead);
    turn('connecting', NORMAL, 'Reconnecting');
    evaluate(
      token,
      // Unless a listener, or time, decided otherwise.
      current((bearer) => {
        try {
          // The second protocol is never chosen: it is how a browser shows a token.
          socket = new env.WebSocket(address, bearer === undefined ? [] : ['lazuli', `bearer.${bearer}`]);
        } catch (error) {
          // An address or a token that no socket takes; another try would not end better.
          lost(UNUSABLE, `${error}`);
          return emit('error', error);
        }
        socket.binaryType = 'arraybuffer';
        socket.onopen = current(() => {
          tries.reached();
          state = 'open';
          heard();
          for (const { up } of members()) up();
          emit('open');
          announce();
        });
        socket.onmessage = current(({ data }) => {
          heard();
          receive(decode(data));
        });
        socket.onclose = current(({ code, reason }) => lost(code, reason));
      }),
      current((error) => {
        lost(ABNORMAL, '');
        emit('error', createError(`token: ${error}`, 'PARAMS_FAILED'));
      }),
    );
  }

  /** @param {number} code @param {string} reason */
  function lost(code, reason) {
    if (FOR_GOOD.test(`${code}`)) {
      tries.begin();
      watch('remove');
      turn('closed', code, reason);
    } else {
      mayHurry = tries.again(open, code, reason);
      turn(waiting(), code, reason);
    }
  }

  /** @param {Record<string, any>} frame */
  function receive(frame) {
    const subscription = subscriptions.get(frame.channel);
    if (frame.type === 'reply') replies.settle(frame);
    else if (frame.type === 'error') (subscription?.emit ?? emit)('error', errorOf(frame));
    else (subscription ?? components)?.frame(frame);
  }

  const dead = () => lost(ABNORMAL, 'No answer');

  function heard() {
    isAsking = false;
    tries.after(PING_AFTER, ask);
  }

  /** @param {boolean} [isLast] */
  function ask(isLast) {
    const asked = env.performance.now();
    isAsking = true;
    send(PING);
    tries.after(ANSWER_WITHIN, () => {
      // After a sleep of the machine the deadline may come before the answer that waits beside it: one more chance.
      if (!isLast && env.performance.now() - asked > 2 * ANSWER_WITHIN) ask(true);
      else dead();
    });
  }

  /** What the browser says is a hint, no more: it may be wrong about the network. A page that nobody sees has no reason to
   *  hurry. @param {{ type: string }} event */
  function hint({ type }) {
    if (env.document.hidden || state === 'connecting') return;
    if (state === 'open') {
      if (!isAsking) ask();
    } else if (type !== 'offline' && mayHurry) open();
    else {
      state = waiting();
      announce();
    }
  }

  /** @param {'add' | 'remove'} how */
  function watch(how) {
    for (const name of ['online', 'offline', 'visibilitychange']) env[`${how}EventListener`](name, hint);
  }

  /** Connects now, with another socket, and joins every channel that was not left: those too that were refused or closed. */
  function reconnect() {
    watch('add');
    tries.reset();
    open();
    for (const { join } of members()) join();
  }

  reconnect();
  if (wanted) components = createComponents(shared, address);

  return {
    /** `connecting`, `open`, `waiting` to try again, `offline` (the same, and the browser sees no network), or `closed` for
     *  good. @returns {State} */
    get state() {
      return state;
    },

    /** `open`, `close` (code, reason), `state` (state), `error` (an Error); gives what takes the listener off.
     *  @type {(event: 'open' | 'close' | 'state' | 'error', listener: Listener) => () => void} */
    on,

    /** Takes one listener off, or, without one, all of this event. */
    off,

    /** Joins a channel, now and whenever the connection is back, until it is left.
     *  @param {string} path as in a URL: percent-encoded, without query
     *  @param {{ params?: Params }} [options] a function is called anew for each join */
    subscribe(path, { params } = {}) {
      const { channel } = createChannel(shared, subscriptions, room, (error) => emit('error', error), checkPath(path), params);
      channel.join();
      return channel;
    },

    /** Says what is to be done with the elements of components that have `data-hook` with this name.
     *  @param {string} name @param {Hook} hook */
    hook: (name, hook) => components?.hook(name, hook),

    /** Lets the server call a function, by this name. @param {string} name @param {(data: any, element: Element) => void} act */
    register: (name, act) => components?.register(name, act),

    /** Mounts the components that have come into the page since. @param {ParentNode} [root] */
    mount: (root = document) => components?.mount(root),

    /** Closes for good; `reconnect` opens again. */
    close() {
      if (state !== 'closed') lost(NORMAL, '');
    },

    reconnect,
  };
}
