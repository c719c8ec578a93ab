// What the user does, told to the component.

/** @import { Component } from './session.js' */
/**
 * @typedef {object} Delay an event that waits, or a time in which no other is sent
 * @property {Component} component
 * @property {Element} element
 * @property {string} kind of event
 * @property {(() => void) | null} [act]
 * @property {ReturnType<typeof setTimeout>} [timer]
 */

import { owner } from './session.js';
import { FIELDS, isNewer, isTicked, load, noteTyped, tell, user } from './values.js';

/** @type {Set<Delay>} */
const delays = new Set();
/** At a form: what it sent that is not answered yet. No name could be one of the page's. */
const SUBMITTED = Symbol();
const CAPTURING = 1; // Event.CAPTURING_PHASE

/** @param {any} event */
export function handle(event) {
  const { type, target, key, bubbles, eventPhase, submitter } = event;
  if (bubbles === (eventPhase === CAPTURING) || !target.closest) return;
  const name = type === 'compositionend' ? 'input' : type;
  const isSubmit = name === 'submit';
  if (/^compos/.test(type)) user.composing = name === 'input' ? null : target;
  if (name === 'input') noteTyped(target);
  if (isSubmit || /^(blur|change)$/.test(name)) flush(({ element }) => element.contains(target) || target.contains(element));

  const component = owner(target);
  /** One that does not bubble is nobody's but its target's, save that of the focus; and none is another component's. @type {any} */
  const element = bubbles || /^(focus|blur)$/.test(name) ? target.closest(`[spark-${CSS.escape(name)}]`) : target;
  /** @param {string} name */
  const option = (name) => element.getAttribute(`spark-${name}`);
  if (!component || !element || !option(name) || owner(element) !== component || element === component.element) return;
  if (component.view.partOf(element) !== component.view.partOf(target)) return;

  const keys = key && option('key');
  // What is being composed is no text yet, and its keys are none.
  if (event.isComposing || (keys && !keys.split(' ').includes(key.replace(' ', 'Space')))) return;
  const leads = name === 'click' && element.matches('a[href]');
  if (leads && (event.ctrlKey || event.metaKey || event.shiftKey || event.button)) return;
  const question = option('confirm');
  const isRefused = question && !confirm(question);
  if (leads || isSubmit || isRefused) event.preventDefault();
  if (isRefused) return;

  /** Tells the component, unless the element is another's by then. */
  const act = () => {
    if (owner(element) !== component) return;
    flush((delay) => delay.component === component);
    // Nothing is looked up by a name that the page chose, save in an object without a prototype.
    /** @type {any} */
    const data = { __proto__: null, ...element.dataset };
    /** @type {any[]} */
    let fields = [];
    if (element.matches('form')) {
      const all = (data.fields = /** @type {any} */ ({ __proto__: null }));
      for (const [field, value] of new FormData(element, submitter)) {
        if (typeof value === 'string') all[field] = field in all ? [all[field], value].flat() : value;
      }
      if (!isSubmit) data._target = target.name;
      fields = [...element.querySelectorAll(FIELDS)];
    } else {
      // Of a click the element itself, of what is entered the field.
      const field = name !== 'click' && target.matches(FIELDS) ? target : element;
      if (field.matches(FIELDS)) fields = [field];
      if (fields.length || field.matches('button[value]')) {
        data.value = field.value;
        data.name = field.name || undefined;
        if (isTicked(field)) data.checked = field.checked;
      }
    }
    if (key) {
      data.key = key;
      for (const held of ['alt', 'ctrl', 'meta', 'shift']) data[held] = event[`${held}Key`];
    }

    const text = JSON.stringify(data);
    if (isSubmit) {
      // A second click sends nothing; what was typed since then is something else.
      if (element[SUBMITTED] && (element[SUBMITTED] === text || !fields.some(isNewer))) return;
      element[SUBMITTED] = text;
    }
    user.latest = element;
    const mine = (user.sent += 1);
    const answered = fields.map(tell);
    const resets = isSubmit && option('reset') !== null;
    /** @param {1 | -1} by */
    const show = (by) => {
      load(element, by);
      load(component.element, by);
      if (submitter) submitter.ariaBusy = by > 0 || null;
    };
    show(1);
    component.send(element, option(name), data, (error) => {
      user.answered = mine;
      show(-1);
      for (const settle of answered) settle(error, resets);
      if (element[SUBMITTED] === text) element[SUBMITTED] = null;
    });
    if (resets) {
      element.reset();
      for (const field of fields) tell(field)();
    }
  };

  const debounce = option('debounce');
  const throttle = option('throttle');
  /** @type {Delay} */
  const delay = [...delays].find((one) => one.element === element && one.kind === name) ?? { component, element, kind: name };
  const isWaiting = delays.has(delay);
  // The last state counts; a second click does not.
  if (debounce || (isWaiting && !isSubmit && name !== 'click')) delay.act = act;
  else if (!isWaiting) act();
  if (debounce || (throttle && !isWaiting)) wait(delay, debounce || throttle, !debounce);
}

/** @param {Delay} delay @param {any} ms @param {boolean} repeats */
function wait(delay, ms, repeats) {
  clearTimeout(delay.timer);
  delays.add(delay);
  delay.timer = setTimeout(() => end(delay) && repeats && wait(delay, ms, repeats), ms);
}

/** Whether there was something to do. @param {Delay} delay */
function end(delay) {
  const { act, timer } = delay;
  clearTimeout(timer);
  delays.delete(delay);
  delay.act = null;
  act?.();
  return act;
}

/** Sends what waits, so that the server hears of everything in the order in which it happened.
 *  @param {(delay: Delay) => unknown} wanted */
function flush(wanted) {
  for (const delay of delays) if (delay.act && wanted(delay)) end(delay);
}
