// Values in the page: texts, attributes, and the properties behind some attributes.

/** @import { Place } from './templates.js' */
/** @typedef {string | number | null | true} Value */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

import { misfit, parse } from './templates.js';

/** The name spaces of attributes of SVG and MathML, by what their names begin with. @type {Record<string, string>} */
const SPACES = { xlink: 'http://www.w3.org/1999/xlink', xml: 'http://www.w3.org/XML/1998/namespace', xmlns: 'http://www.w3.org/2000/xmlns/' };
export const FIELDS = 'input,select,textarea';

/** @type {WeakMap<Element, number>} */
const loading = new WeakMap();
/** What the server knows of a field, and how many events that told it something are not answered yet.
 *  @type {WeakMap<Field, { known: unknown, pending: number }>} */
const states = new WeakMap();
/** The field that an input method is composing in. @type {EventTarget | null} */
let composing = null;

/** @param {EventTarget | null} target */
export const setComposing = (target) => (composing = target);

/** Counts what an element waits for, and shows it. @param {Element} element @param {1 | -1} by */
export function load(element, by) {
  const count = (loading.get(element) ?? 0) + by;
  loading.set(element, count);
  element.classList.toggle('spark-loading', count > 0);
  if (!element.classList.length) element.removeAttribute('class');
}

/** @param {Field} field */
const isTicked = (field) => field.type === 'checkbox' || field.type === 'radio';
/** @param {any} field */
const current = (field) => (isTicked(field) ? field.checked : field.value);
/** @param {any} field */
const initial = (field) => (isTicked(field) ? field.defaultChecked : field.defaultValue ?? field.value);
/** @param {Field} field */
const stateOf = (field) => states.get(field) ?? { known: initial(field), pending: 0 };

/** Remembers that the server is being told what a field holds. Gives what is to be called at the answer.
 *  @param {Field} field @returns {(failed: unknown) => void} */
export function tell(field) {
  const state = stateOf(field);
  states.set(field, state);
  state.known = current(field);
  state.pending += 1;
  return (failed) => {
    state.pending -= 1;
    if (failed) state.known = undefined;
  };
}

/** Whether the user has entered what the server does not know yet, or has not answered yet. @param {Field} field */
function isNewer(field) {
  const { known, pending } = stateOf(field);
  return composing === field || pending > 0 || current(field) !== known;
}

/** Sets what a field shows; the caret stays. @param {any} field @param {'value' | 'checked'} name @param {unknown} value */
export function enter(field, name, value) {
  if (field[name] !== value && field.type !== 'file') {
    const { selectionStart: start, selectionEnd: end, selectionDirection: direction } = field;
    field[name] = value;
    if (field === document.activeElement && start !== null && start !== undefined) field.setSelectionRange(start, end, direction);
  }
  const state = stateOf(field);
  states.set(field, state);
  state.known = current(field);
}

/** Sets an attribute, or removes it, and the property that is behind it.
 *  @param {any} element @param {string} name @param {string | null} value */
export function setAttribute(element, name, value) {
  const isOn = value !== null;
  const field = element.matches(FIELDS) ? element : name === 'selected' && element.closest('select');
  const keeps = field && isNewer(field);
  if (name === 'style') element.style.cssText = value ?? ''; // a policy may forbid the attribute
  else if (isOn) {
    const space = !(element instanceof HTMLElement) && /^(xlink|xml)(?=:.)|^xmlns$|^xmlns(?=:xlink$)/.exec(name);
    if (space) element.setAttributeNS(SPACES[space[0]], name, value);
    else element.setAttribute(name, value);
  }
  if (!isOn) element.removeAttribute(name);
  if (name === 'class' && loading.get(element)) element.classList.add('spark-loading');

  if (name === 'value' && field && !isTicked(field)) keeps || enter(field, name, value ?? '');
  else if (name === 'checked' && field) keeps || enter(field, name, isOn);
  else if (name === 'selected') {
    if (!keeps) element.selected = isOn;
    if (field && !keeps) enter(field, 'value', field.value);
  } else if (name === 'open' || name === 'muted') element[name] = isOn;
}

/** Gives the styles in new nodes their effect, also where a policy forbids the attribute. @param {ParentNode} nodes */
export function applyStyles(nodes) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (nodes.querySelectorAll('[style]'))) {
    if (element.style && !element.style.length) element.style.cssText = /** @type {string} */ (element.getAttribute('style'));
  }
}

/** Told of nodes that no template knows. @type {Set<(nodes: Node) => void>} */
export const scanners = new Set();

/** Nodes out of markup, for this element. @param {Element} context @param {string} markup */
export function nodesOf(context, markup) {
  const nodes = document.adoptNode(parse(markup, context));
  applyStyles(nodes);
  for (const scan of scanners) scan(nodes);
  return nodes;
}

/** A value as it stands in this place; `null` is no attribute. @param {Place} place @param {Value} value */
function shown({ kind, around }, value) {
  if (!around && typeof value === 'string') return value; // as most are
  if (kind === 1 && !around && (value === null || value === true)) return value && '';
  const text = value === null ? '' : String(value);
  return around ? around[0] + text + around[1] : text;
}

/** Writes a value into a node that is new. @param {any} node @param {Place} place @param {Value} value */
export function write(node, place, value) {
  const text = shown(place, value);
  if (place.kind === 0) node.data = text;
  else if (place.kind === 2) node.replaceChildren(nodesOf(node, /** @type {string} */ (text)));
  else if (place.live) setAttribute(node, place.name, text);
  else if (text !== null) node.setAttribute(place.name, text);
}

/** Writes a value where another stood; what is so already is left alone.
 *  @param {any} node @param {Place} place @param {Value} value @param {Value} [before]
 *  @returns {boolean} whether anything changed */
export function rewrite(node, place, value, before) {
  const text = shown(place, value);
  // Of markup and of styles the page says the same in other words.
  const old = isReworded(place) ? before : place.kind === 1 ? node.getAttribute(place.name) : node.nodeValue;
  if (old === (isReworded(place) ? value : text)) return false;
  if (place.kind === 1) setAttribute(node, place.name, text);
  else if (place.kind === 2) write(node, place, value);
  else setText(node, /** @type {string} */ (text));
  return true;
}

/** @param {Place} place */
const isReworded = ({ kind, name }) => kind === 2 || name === 'style';

/** @param {any} node a text or a comment @param {string} text */
export function setText(node, text) {
  const area = node.parentNode;
  const keeps = area.localName === 'textarea' && isNewer(area);
  if (node.nodeValue !== text) node.nodeValue = text;
  // Once something was typed in it, what it shows is not its content any more.
  if (area.localName === 'textarea' && !keeps) enter(area, 'value', area.defaultValue);
}

/** The value that a place shows, of which only the page knows. @param {any} node @param {Place} place @returns {string | undefined} */
export function read(node, place) {
  if (!node || isReworded(place)) return undefined;
  const { kind, name, around = ['', ''] } = place;
  let text = kind === 1 ? node.getAttribute(name) : node.nodeValue;
  if (name === 'class' && loading.get(node)) text = text?.replace(/ ?spark-loading$/, '');
  return text?.slice(around[0].length, text.length - around[1].length);
}

/** A string of which a part changes: `[keep, delete, insert]`, or `[insert]` behind all of it.
 *  @param {string} old @param {any[]} splice @returns {string} */
export function spliced(old, splice) {
  if (splice.length === 1) return old + splice[0];
  const [keep, gone, text] = splice;
  if (!(keep + gone <= old.length)) misfit();
  return old.slice(0, keep) + text + old.slice(keep + gone);
}
