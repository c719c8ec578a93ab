// All that channels and connections take from the browser: the window, or what a test gives in its place.

/** @typedef {Pick<Window & typeof globalThis, 'WebSocket' | 'setTimeout' | 'clearTimeout' | 'performance' | 'Math' | 'navigator'
 *   | 'location' | 'document' | 'addEventListener' | 'removeEventListener' | 'reportError'>} Environment */

export {};
