// Many channels, and the components of a page, over one WebSocket that comes back.

/** @import { Whole } from './channel.js' */
/** @import { Page } from './components/index.js' */
/** @import { SparkError } from './error.js' */
/** @import { Done, Message, Params } from './member.js' */
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
/** @typedef {ReturnType<typeof connect> & Partial<Page>} Spark */

import { createChannel } from './channel.js';
import { createComponents } from './components/index.js';
import { createEmitter } from './emitter.js';
import { createError, errorOf } from './error.js';
import { createTries, evaluate } from './tries.js';
import { decodeBinary } from './wire.js';

const MOST_OF_PATH = 1024; // bytes

// 1000 was asked for; after 1002, 1003, 1007 and 1010 the client must be mended, after 1008 it needs new authentication.
const FOR_GOOD = /^10(0[02378]|10)$/;
const NORMAL = 1000;
const UNUSABLE = 1002;
const ABNORMAL = 1006; // no close frame came
const OPEN = 1; // WebSocket.OPEN

const PING_AFTER = 25_000; // ms of silence
const ANSWER_WITHIN = 10_000; // ms

/** Connects to `url`, by default `/spark` of the page's own host. @param {string} [url] @param {Options} [options] */
export function connect(url, { token, queue, root = document.documentElement, components: wanted = true } = {}) {
  /** Channels by their paths, components by their elements. Not an object: a channel may have any name.
   *  @type {Map<string | Element, any>} */
  const subscriptions = new Map();
  const emitter = createEmitter(reportError);
  const { emit } = emitter;
  const address = new URL(url || '/spark', /** @type {any} */ (location)).href;
  let tries = createTries();
  /** Who waits for a reply. @type {Map<number, Done>} */
  const waiting = new Map();
  /** @param {number} ref @param {SparkError | null} error @param {any} [payload] */
  const answer = (ref, error, payload) => {
    const done = waiting.get(ref);
    waiting.delete(ref);
    done?.(error, payload);
  };
  let lastRef = 0;

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

  /** @param {[isWanted?: boolean, code?: number, reason?: string]} change */
  function syncAll(...change) {
    for (const { sync } of [...subscriptions.values()]) sync(...change);
  }

  const lacking = () => (navigator.onLine ? 'waiting' : 'offline');

  /** A ref that was not used for the last four thousand million messages. */
  const next = () => (lastRef = (lastRef + 1) >>> 0);

  /** @type {Whole['ask']} */
  function ask(frame, done, ref = done && next(), ready = JSON.stringify({ ...frame, ref })) {
    // A socket that is closing already would swallow it.
    if (socket?.readyState !== OPEN) return false;
    socket.send(ready);
    if (done) waiting.set(/** @type {number} */ (ref), done);
    return true;
  }

  /** Says what is so now: a listener may have changed it again since. */
  function announce() {
    if (state === announced) return;
    announced = state;
    root?.setAttribute('data-spark-state', state);
    root?.classList.toggle('spark-connected', state === 'open');
    root?.classList.toggle('spark-offline', !/open|connecting/.test(state));
    emit('state', state);
  }

  /** Lets go of the present socket, which may take minutes to report its own close.
   *  @param {State} next @param {number} [code] @param {string} [reason] */
  function turn(next, code, reason) {
    const wasOpen = state === 'open';
    socket?.close(NORMAL);
    state = next;
    if (wasOpen || state === 'closed') {
      syncAll(false, code, reason);
      for (const ref of waiting.keys()) answer(ref, createError('no reply', 'CONNECTION_LOST'));
      emit('close', code, reason);
    }
    announce();
  }

  function open() {
    const current = tries.begin();
    tries.after(ANSWER_WITHIN, dead);
    turn('connecting', NORMAL, 'reconnect');
    let code = ABNORMAL;
    evaluate(
      token,
      // Unless a listener, or time, decided otherwise.
      current((bearer) => {
        code = UNUSABLE; // an address or a token that no socket takes: another try would not end better
        // The second protocol is never chosen: it is how a browser shows a token.
        socket = new WebSocket(address.replace(/^http/, 'ws'), bearer ? ['lazuli', `bearer.${bearer}`] : []);
        socket.binaryType = 'arraybuffer';
        socket.onopen = current(() => {
          tries.reached();
          state = 'open';
          heard();
          syncAll();
          emit('open');
          announce();
        });
        socket.onmessage = current(receive);
        socket.onclose = current(({ code, reason }) => lost(code, reason));
      }),
      current((error) => {
        lost(code, '');
        emit('error', createError(`${error}`, 'PARAMS_FAILED'));
      }),
    );
  }

  /** @param {any} code @param {string} reason */
  function lost(code, reason) {
    if (FOR_GOOD.test(code)) {
      tries.begin();
      watch('remove');
      turn('closed', code, reason);
    } else {
      mayHurry = tries.again(open, code, reason);
      turn(lacking(), code, reason);
    }
  }

  /** @param {MessageEvent<string | ArrayBuffer>} event */
  function receive({ data }) {
    let frame;
    heard();
    try {
      frame = typeof data === 'string' ? JSON.parse(data) : decodeBinary(data);
    } catch {
      // No JSON, or too few bytes.
    }
    const { type, channel, ref, status, payload, code, reason } = (frame ??= {});
    const subscription = subscriptions.get(channel);
    if (type === 'reply') answer(ref, status === 'ok' ? null : errorOf(payload), payload);
    else if (type === 'error') (subscription?.emit ?? emit)('error', errorOf(frame));
    else if (!subscription) components?.frame(frame);
    // While it joins, what comes is of the subscription before.
    else if (subscription.state === 'joined') {
      if (type === 'unsubscribed') subscription.fall('closed', code, code, reason);
      else if (/message|binary/.test(type)) subscription.emit(type, frame.data);
    }
  }

  const dead = () => lost(ABNORMAL, 'no reply');

  function heard() {
    isAsking = false;
    tries.after(PING_AFTER, probe);
  }

  function probe() {
    isAsking = true;
    ask({ type: 'ping' });
    // Twice the half: after a sleep of the machine the first may come before the answer that waits beside it.
    tries.after(ANSWER_WITHIN / 2, () => tries.after(ANSWER_WITHIN / 2, dead));
  }

  /** What the browser says is a hint, no more: it may be wrong about the network. A page that nobody sees has no reason to
   *  hurry. @param {{ type: string }} event */
  function hint({ type }) {
    if (document.hidden || state === 'connecting') return;
    if (state === 'open') {
      if (!isAsking) probe();
    } else if (type !== 'offline' && mayHurry) open();
    else turn(lacking());
  }

  /** @param {'add' | 'remove'} how */
  function watch(how) {
    for (const name of ['online', 'offline', 'visibilitychange']) self[`${how}EventListener`](name, hint);
  }

  const spark = {
    /** `on` and `off`: of `open`, `close` (code, reason), `state` (state), `error` (an Error). */
    ...emitter,
    subscriptions,
    room: { messages: 100, bytes: 1 << 20, ...queue, queue: /** @type {Set<Message>} */ (new Set()) },
    next,
    ask,

    /** `connecting`, `open`, `waiting` to try again, `offline` (the same, and the browser sees no network), or `closed` for
     *  good. */
    get state() {
      return state;
    },

    /** Joins a channel, now and whenever the connection is back, until it is left.
     *  @param {string} path as in a URL: percent-encoded, without query
     *  @param {{ params?: Params }} [options] a function is called anew for each join */
    subscribe(path, { params } = {}) {
      if (new URL(path, address).pathname !== path || path.length > MOST_OF_PATH) throw new TypeError(`not percent-encoded: ${path}`);
      return createChannel(spark, path, params);
    },

    /** Closes for good; `reconnect` opens again. */
    close() {
      if (state !== 'closed') lost(NORMAL, '');
    },

    /** Connects now, with another socket, and joins every channel that was not left: those too that were refused or closed. */
    reconnect() {
      watch('add');
      tries.begin();
      tries = createTries();
      open();
      syncAll(true);
    },
  };

  spark.reconnect();
  if (wanted) components = createComponents(spark, address);
  return spark;
}
