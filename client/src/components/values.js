// Values in the page: texts, attributes, and what is behind some attributes.

/** @import { Place } from './templates.js' */
/** @typedef {string | number | null | true} Value */

import { parse } from './markup.js';

/** Attributes that are more than a text. */
export const SPECIAL = /^(value|checked|selected|muted|style)$/;
/** Fields whose value can be told, and set. */
export const FIELDS = 'input:not([type=file]),select,textarea';

/** At an element: for how many answers it waits. No name could be one of the page's. */
const LOADING = Symbol();
/** At a field: what the server knows of it; something that it cannot hold while that is not certain. */
const KNOWN = Symbol();
/** At a field: how many events had been sent when it was typed in. */
const TYPED = Symbol();
/**
 * What the user does, in the whole page.
 * @type {{ composing?: EventTarget | null, latest?: Element, sent: number, answered: number }} the field that an input method is
 *   composing in; what the latest event was of; how many events were sent, by all components; and the latest of them that is answered
 */
export const user = { sent: 0, answered: 0 };

/** For where the page or the patch is not what the other is for. Which it is does not matter: the whole view comes then.
 *  @returns {never} */
export function misfit() {
  throw new Error('misfit');
}

/** Counts what an element waits for, and shows it. @param {any} element @param {number} by */
export function load(element, by) {
  element[LOADING] = (element[LOADING] ?? 0) + by;
  element.classList.toggle('spark-loading', element[LOADING] > 0);
  if (!element.classList.length) element.removeAttribute('class');
}

/** Notes that the user has entered something. @param {any} field */
export const noteTyped = (field) => (field[TYPED] = user.sent);
/** Whether that was after the event for which the server acts now. @param {any} field */
export const isTypedSince = (field) => user.composing === field || field[TYPED] >= user.answered;

/** @param {EventTarget} target @param {string} type @param {any} [detail] */
export const dispatch = (target, type, detail) => target.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));

/** @param {any} field */
export const isTicked = (field) => /^(checkbox|radio)$/.test(field.type);
/** @param {any} field */
export const current = (field) => (isTicked(field) ? field.checked : field.value);
/** @param {any} field */
function initial(field) {
  if (isTicked(field)) return field.defaultChecked;
  // Of a list that names none, it is not known which option it was, once the user has chosen.
  return field.defaultValue ?? field.querySelector('[selected]')?.value ?? (TYPED in field ? null : field.value);
}
/** Whether the user has entered what the server does not know yet, or has not answered yet. @param {any} field */
export const isNewer = (field) => user.composing === field || current(field) !== (field[KNOWN] ?? initial(field));

/** Remembers that the server is being told what a field holds. Gives what is to be called at the answer; what was not taken may come
 *  back, unless there is something newer.
 *  @param {any} field @returns {(failed?: unknown, comesBack?: boolean) => void} */
export function tell(field) {
  const value = current(field);
  const asked = (field[KNOWN] = {});
  return (failed, comesBack) => {
    if (!failed && field[KNOWN] === asked) field[KNOWN] = value;
    if (failed && comesBack && !isNewer(field)) enter(field, value);
  };
}

/** What the user has entered in fields is kept when a component is new, which knows nothing of it. Gives what tells it.
 *  @param {Element} element */
export function keepEntered(element) {
  // A range and a colour show another value than their first.
  const isEntered = (/** @type {any} */ field) => TYPED in field || (isNewer(field) && !/range|color/.test(field.type));
  const fields = /** @type {any[]} */ ([...element.querySelectorAll(FIELDS)]).filter(isEntered);
  for (const field of fields) field[KNOWN] = {};
  return () => {
    for (const field of fields) {
      if (current(field) === initial(field)) field[KNOWN] = null;
      else if (field.type !== 'radio' || field.checked) {
        dispatch(field, 'input');
        dispatch(field, 'change');
      }
    }
  };
}

/** Sets what a field shows, whether it is ticked or its text; the caret stays. @param {any} field @param {boolean | string} value */
export function enter(field, value) {
  const name = typeof value === 'boolean' ? 'checked' : 'value';
  if (field[name] !== value) {
    const caret = [field.selectionStart, field.selectionEnd, field.selectionDirection];
    field[name] = value;
    if (field === document.activeElement && caret[0] != null) field.setSelectionRange(...caret);
  }
  field[KNOWN] = current(field);
}

/** Sets an attribute, or removes it, and the property that is behind it.
 *  @param {any} element @param {string} name @param {string | null} value */
export function setAttribute(element, name, value) {
  const isOn = value !== null;
  const field = element.closest(FIELDS);
  const keeps = field && isNewer(field);
  if (!isOn) element.hasAttribute(name) && element.removeAttribute(name); // unasked, Chromium leaves an empty `style`
  else if (name === 'style') element.style.cssText = value; // a policy may forbid the attribute
  else element.setAttribute(name, value);
  if (name === 'class' && element[LOADING]) load(element, 0);

  if (keeps) return;
  const isState = /^(checked|selected|muted)$/.test(name);
  if (isState) element[name] = isOn;
  if (field && (isState || name === 'value')) enter(field, isState || field !== element || isTicked(field) ? field.value : value ?? '');
}

/** Nodes out of markup, for this element. @param {Element} context @param {string} markup */
export const nodesOf = (context, markup) => document.adoptNode(parse(markup, context));

/** A value as it stands in this place; `null` is no attribute. @param {Place} place @param {Value | undefined} value @returns {any} */
function shown({ whole, prefix, suffix }, value) {
  if (whole && (value == null || typeof value === 'boolean')) return value && '';
  return prefix + (value ?? '') + suffix;
}

/** Writes a value into a node: one that is new, or where another stood; what is so already is left alone.
 *  @param {any} node @param {Place} place @param {Value} value @param {Value} [before] */
export function write(node, place, value, before) {
  const { attribute } = place;
  const text = shown(place, value);
  const isNew = before === undefined;
  if (!isNew && text === shown(place, before)) return;
  if (attribute) {
    if (!isNew || text === null || SPECIAL.test(attribute)) setAttribute(node, attribute, text);
    else node.setAttribute(attribute, text);
  } else if (node.append) node.replaceChildren(nodesOf(node, text));
  else if (isNew) node.data = text;
  else setText(node, text);
}

/** @param {any} node a text or a comment @param {string} text */
export const setText = (node, text) => within(node.parentNode, () => node.data === text || (node.data = text));

/** Changes what is in an element. A `textarea` in which something was typed shows it no more by itself, and a `select` chooses
 *  another option by itself, which is nothing that the user did. @param {any} element @param {() => unknown} act */
export function within(element, act) {
  const field = element?.closest?.('select,textarea');
  const follows = field && !isNewer(field);
  act();
  if (follows) enter(field, field.defaultValue ?? field.value);
}

/** The value that a page shows that came as HTML. Of markup and of styles it says the same in other words.
 *  @param {any[]} sites @param {Place[]} places @returns {Value | undefined} */
export function read(sites, [place]) {
  const { attribute, prefix, suffix, site } = /** @type {Place} */ (place);
  const node = sites[site];
  let text = attribute ? attribute === 'style' ? undefined : node?.getAttribute(attribute) : node?.data;
  if (attribute === 'class') text = text?.replace(/ ?spark-loading$/, '');
  return text && text.slice(prefix.length, text.length - suffix.length);
}

/** A string of which a part changes: `[keep, delete, insert]`, or `[insert]` behind all of it; or another value.
 *  @param {any} old @param {any} change @returns {any} */
export function changed(old, change) {
  if (!Array.isArray(change)) return change;
  const text = String(old ?? misfit());
  const [keep, gone, put] = 1 in change ? change : [text.length, 0, change[0]];
  if (!(keep + gone <= text.length)) misfit();
  return text.slice(0, keep) + put + text.slice(keep + gone);
}
