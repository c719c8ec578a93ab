// The other way to say it: one object of options, and nothing happens before `mount`.

/** @import { Params } from './member.js' */
/** @import { Options, Spark } from './spark.js' */
/**
 * @typedef {object} Callbacks
 * @property {string} [componentEndpoint] where components are to be connected; kept, and not used by channels
 * @property {string} [channelEndpoint] where channels are connected: `/spark` by default
 * @property {() => void} [onConnect] whenever a connection is open
 * @property {(code: number, reason: string) => void} [onDisconnect] whenever one is lost
 * @property {(error: Error) => void} [onError]
 */

import { connect } from './spark.js';

export class AzuSpark {
  /** @param {Callbacks & Options} [options] */
  constructor(options) {
    Object.assign(this, options);
  }

  /** Connects. A second call changes nothing. */
  mount() {
    if (!this.spark) {
      const { channelEndpoint, onConnect, onDisconnect, onError } = /** @type {Callbacks} */ (this);
      const { on } = (this.spark = connect(channelEndpoint, /** @type {Options} */ (this)));
      if (onConnect) on('open', onConnect);
      if (onDisconnect) on('close', onDisconnect);
      if (onError) on('error', onError);
    }
    return this;
  }

  /** The same as `subscribe` of Spark. @param {string} path @param {{ params?: Params }} [options] */
  subscribe(path, options) {
    if (!this.spark) throw new Error('call mount()');
    return this.spark.subscribe(path, options);
  }

  /** Closes the connection; `mount` makes another. */
  unmount() {
    this.spark?.close();
    /** The connection of the channels, once mounted. @type {Spark | null | undefined} */
    this.spark = null;
  }
}
