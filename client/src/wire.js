// The frames of the Spark protocol, as text and as bytes.

const PATH = /^\/[!-"$->@-~]{0,1023}$/; // printable ASCII without # and ?
const PLAIN = 1; // the first byte of a binary frame
const WITH_REF = 2;

/** @param {string} path @returns {string} the same, if it can name a channel */
export function checkPath(path) {
  if (!PATH.test(path)) {
    throw new TypeError(`no path of a channel, percent-encoded and without query: ${path}`);
  }
  return path;
}

/** A message for a channel, ready to be sent.
 *  @param {string} channel @param {unknown} data @param {number} [ref] @returns {string | ArrayBuffer} */
export function encodeMessage(channel, data, ref) {
  if (data instanceof ArrayBuffer) return encodeBinary(channel, new Uint8Array(data), ref);
  if (ArrayBuffer.isView(data)) {
    return encodeBinary(channel, new Uint8Array(data.buffer, data.byteOffset, data.byteLength), ref);
  }
  // Both would be sent as something else than they are: `{}`, or not at all.
  if (data instanceof Blob) throw new TypeError('send the bytes of a Blob: await blob.arrayBuffer()');
  const json = JSON.stringify(data);
  if (json === undefined) throw new TypeError(`a ${typeof data} has no JSON`);
  const head = JSON.stringify({ type: 'message', channel, ref });
  return `${head.slice(0, -1)},"data":${json}}`;
}

/** @param {string} channel @param {Uint8Array} bytes @param {number} [ref] @returns {ArrayBuffer} */
function encodeBinary(channel, bytes, ref) {
  const head = ref === undefined ? 3 : 7;
  const frame = new Uint8Array(head + channel.length + bytes.length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, ref === undefined ? PLAIN : WITH_REF);
  if (ref !== undefined) view.setUint32(1, ref);
  view.setUint16(head - 2, channel.length);
  frame.set(new TextEncoder().encode(channel), head);
  frame.set(bytes, head + channel.length);
  return frame.buffer;
}

/** A frame of the server, or `undefined` if it is none.
 *  @param {string | ArrayBuffer} frame @returns {Record<string, any> | undefined} */
export function decode(frame) {
  try {
    if (typeof frame !== 'string') return decodeBinary(frame);
    const object = JSON.parse(frame);
    if (Array.isArray(object)) return { type: 'patches', data: object };
    return typeof object?.type === 'string' ? object : undefined;
  } catch {
    return undefined; // no JSON, or too short for its head
  }
}

/** @param {ArrayBuffer} buffer */
function decodeBinary(buffer) {
  const view = new DataView(buffer);
  const end = 3 + view.getUint16(1);
  if (view.getUint8(0) !== PLAIN || buffer.byteLength < end) return undefined;
  const channel = new TextDecoder().decode(buffer.slice(3, end));
  return { type: 'binary', channel, data: buffer.slice(end) };
}

/** How many bytes a frame has on the wire. @param {string | ArrayBuffer} frame */
export function sizeOf(frame) {
  return typeof frame === 'string' ? new TextEncoder().encode(frame).length : frame.byteLength;
}
