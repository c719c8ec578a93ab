// What can go wrong with a message or a channel.

/** An error of the server, or one of the client's own: `TIMEOUT`, `CONNECTION_LOST`, `QUEUE_FULL`, `CLOSED`,
 *  `PARAMS_FAILED`, `INVALID_FRAME`. */
export class SparkError extends Error {
  /** @param {string} message @param {string} [code] @param {any} [payload] */
  constructor(message, code, payload) {
    super(message);
    this.name = 'SparkError';
    /** What a program tells errors apart by; an application's errors may have none. */
    this.code = code;
    /** What the server sent, for an error of the server. */
    this.payload = payload;
  }

  /** @param {any} payload an error as the protocol has it */
  static from(payload) {
    return new SparkError(payload?.message ?? 'refused', payload?.code, payload);
  }
}
