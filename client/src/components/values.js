// Values in the page: texts, attributes, and what is behind some attributes.

/** @import { Place } from './templates.js' */
/** @typedef {string | number | null | true} Value */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

import { parse } from './markup.js';

/** Attributes that are more than a text. */
export const SPECIAL = /^(value|checked|selected|muted|style|xlink:.*|xml.*)$/;
export const FIELDS = 'input,select,textarea';
/** The name spaces of attributes of SVG and MathML, by what their names begin with. */
const SPACES = new Map([['xlink', '1999/xlink'], ['xml', 'XML/1998/namespace'], ['xmlns', '2000/xmlns/']]);

/** For how many answers an element waits. @type {WeakMap<Element, number>} */
const loading = new WeakMap();
/** What the server knows of a field; something that it cannot hold while that is not certain. @type {WeakMap<Field, unknown>} */
const known = new WeakMap();
/** The field that an input method is composing in. @type {EventTarget | null} */
let composing = null;

/** For where the page or the patch is not what the other is for. Which it is does not matter: the whole view comes then.
 *  @returns {never} */
export function misfit() {
  throw new Error('misfit');
}

/** @param {EventTarget | null} target */
export const setComposing = (target) => (composing = target);

/** Counts what an element waits for, and shows it. @param {Element} element @param {number} by */
export function load(element, by) {
  const count = (loading.get(element) ?? 0) + by;
  loading.set(element, count);
  element.classList.toggle('spark-loading', count > 0);
  if (!element.classList.length) element.removeAttribute('class');
}

/** @param {Field} field */
export const isTicked = (field) => /^(checkbox|radio)$/.test(field.type);
/** @param {any} field */
const current = (field) => (isTicked(field) ? field.checked : field.value);
/** @param {any} field */
const initial = (field) => (isTicked(field) ? field.defaultChecked : field.defaultValue ?? field.value);
/** Whether the user has entered what the server does not know yet, or has not answered yet. @param {Field} field */
const isNewer = (field) => composing === field || current(field) !== (known.has(field) ? known.get(field) : initial(field));

/** Remembers that the server is being told what a field holds. Gives what is to be called at the answer.
 *  @param {Field} field @returns {(failed?: unknown) => void} */
export function tell(field) {
  const value = current(field);
  const asked = {};
  known.set(field, asked);
  return (failed) => !failed && known.get(field) === asked && known.set(field, value);
}

/** Sets what a field shows; the caret stays. @param {any} field @param {string} name of the property @param {unknown} value */
export function enter(field, name, value) {
  if (field[name] !== value) {
    const { selectionStart: start, selectionEnd: end, selectionDirection: direction } = field;
    field[name] = value;
    if (field === document.activeElement && start != null) field.setSelectionRange(start, end, direction);
  }
  known.set(field, current(field));
}

/** Sets an attribute, or removes it, and the property that is behind it.
 *  @param {any} element @param {string} name @param {string | null} value */
export function setAttribute(element, name, value) {
  const isOn = value !== null;
  const field = name === 'selected' ? element.closest('select') : element.matches(FIELDS) && element;
  const keeps = field && isNewer(field);
  const space = !(element instanceof HTMLElement) && SPACES.get(/** @type {string} */ (name.split(':')[0]));
  if (name === 'style') element.style.cssText = value ?? ''; // a policy may forbid the attribute
  else if (space && isOn) element.setAttributeNS(`http://www.w3.org/${space}`, name, value);
  else if (isOn) element.setAttribute(name, value);
  if (!isOn) element.removeAttribute(name);
  if (name === 'class' && loading.get(element)) element.classList.add('spark-loading');

  if (keeps) return;
  if (/^(checked|selected|muted)$/.test(name)) element[name] = isOn;
  if (field && /^(value|checked|selected)$/.test(name)) enter(field, 'value', name === 'value' && !isTicked(field) ? value ?? '' : field.value);
}

/** Nodes out of markup, for this element. @param {Element} context @param {string} markup */
export const nodesOf = (context, markup) => document.adoptNode(parse(markup, context));

/** A value as it stands in this place; `null` is no attribute. @param {Place} place @param {Value | undefined} value @returns {any} */
function shown({ whole, before, after }, value) {
  if (whole && (value === null || value === true)) return value && '';
  return before + (value ?? '') + after;
}

/** Writes a value into a node: one that is new, or where another stood; what is so already is left alone.
 *  @param {any} node @param {Place} place @param {Value} value @param {Value} [before] */
export function write(node, place, value, before) {
  const { kind, name, special } = place;
  const text = shown(place, value);
  const isNew = before === undefined;
  if (!isNew && text === shown(place, before)) return;
  if (kind === 2) node.replaceChildren(nodesOf(node, text));
  else if (kind === 0 && isNew) node.data = text;
  else if (kind === 0) setText(node, text);
  else if (special || !isNew) setAttribute(node, name, text);
  else if (text !== null) node.setAttribute(name, text);
}

/** @param {any} node a text or a comment @param {string} text */
export function setText(node, text) {
  const area = node.parentNode;
  const isField = area?.localName === 'textarea';
  const keeps = isField && isNewer(area);
  if (node.nodeValue !== text) node.nodeValue = text;
  // Once something was typed in it, what it shows is not its content any more.
  if (isField && !keeps) enter(area, 'value', area.defaultValue);
}

/** The value that a place shows in a page that came as HTML. Of markup and of styles a page says the same in other words.
 *  @param {any} node @param {Place} place @returns {Value | undefined} */
export function read(node, { kind, name, before, after }) {
  if (kind === 2 || name === 'style') return undefined;
  let text = kind ? node?.getAttribute(name) : node?.nodeValue;
  if (name === 'class') text = text?.replace(/ ?spark-loading$/, '');
  return text && text.slice(before.length, text.length - after.length);
}

/** A string of which a part changes: `[keep, delete, insert]`, or `[insert]` behind all of it; or another value.
 *  @param {any} old @param {any} change @returns {any} */
export function changed(old, change) {
  if (!Array.isArray(change)) return change;
  const text = String(old ?? misfit());
  if (change.length === 1) return text + change[0];
  const [keep, gone, put] = change;
  if (!(keep + gone <= text.length)) misfit();
  return text.slice(0, keep) + put + text.slice(keep + gone);
}
