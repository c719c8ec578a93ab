// The other way to say it: one object of options, and nothing happens before `mount`.

/** @import { Environment } from './environment.js' */
/** @import { Options } from './spark.js' */
/** @import { Params } from './channel.js' */
/**
 * @typedef {object} Callbacks
 * @property {string} [componentEndpoint] where components are to be connected; kept, and not used by channels
 * @property {string} [channelEndpoint] where channels are connected: `/spark` by default
 * @property {() => void} [onConnect] whenever a connection is open
 * @property {(code: number, reason: string) => void} [onDisconnect] whenever one is lost
 * @property {(error: Error) => void} [onError]
 */

import { Spark } from './spark.js';

export class AzuSpark {
  /** The connection of the channels, once mounted. @type {Spark | undefined} */
  spark;
  #options;
  #env;

  /** @param {Callbacks & Options} [options] @param {Environment} [env] */
  constructor(options = {}, env) {
    this.#options = options;
    this.#env = env;
    this.componentEndpoint = options.componentEndpoint;
    this.channelEndpoint = options.channelEndpoint;
  }

  /** Connects. A second call changes nothing. */
  mount() {
    if (this.spark) return this;
    const { onConnect, onDisconnect, onError } = this.#options;
    const spark = new Spark(this.channelEndpoint, this.#options, this.#env);
    if (onConnect) spark.on('open', onConnect);
    if (onDisconnect) spark.on('close', onDisconnect);
    if (onError) spark.on('error', onError);
    this.spark = spark;
    return this;
  }

  /** The same as `subscribe` of Spark. @param {string} path @param {{ params?: Params }} [options] */
  subscribe(path, options) {
    if (!this.spark) throw new Error('call mount() before subscribe()');
    return this.spark.subscribe(path, options);
  }

  /** Closes the connection; `mount` makes another. */
  unmount() {
    this.spark?.close();
    this.spark = undefined;
  }
}
