// What can go wrong with a message or a channel.

/** An error of the server, or one of the client's own: `TIMEOUT`, `CONNECTION_LOST`, `QUEUE_FULL`, `CLOSED`, `PARAMS_FAILED`.
 *  A program tells errors apart by the code; an application's errors may have none. The payload is what the server sent.
 *  @typedef {Error & { code?: string, payload?: any }} SparkError */

/** @param {string} [message] @param {string} [code] @param {any} [payload] @returns {SparkError} */
export const createError = (message, code, payload) => Object.assign(new Error(message), { name: 'SparkError', code, payload });

/** @param {any} payload an error as the protocol has it */
export const errorOf = (payload) => createError(payload?.message, payload?.code, payload);
