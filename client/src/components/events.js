// What the user does, told to the component.

/** @import { Component, Session } from './session.js' */
/**
 * @typedef {object} Delay an event that waits, or a time in which no other is sent
 * @property {Component} component
 * @property {Element} element
 * @property {string} name
 * @property {(() => void) | undefined} [act]
 * @property {() => void} [stop]
 */

import { hear } from './markup.js';
import { FIELDS, isTicked, load, setComposing, tell } from './values.js';

const BUBBLING = ['click', 'input', 'change', 'submit', 'keydown', 'keyup', 'focusin', 'focusout', 'compositionstart', 'compositionend'];
/** What an event is called in attributes. */
const NAMES = new Map([['focusin', 'focus'], ['focusout', 'blur'], ['compositionend', 'input']]);
/** Errors of an event that the page mends by itself. */
const MENDED = /^(CONNECTION_LOST|NOT_MOUNTED)$/;
const ONCE = /^(click|submit)$/;

/** @param {Session} session
 *  @param {(message: string, error: any, element: Element) => void} complain */
export function createEvents(session, complain) {
  /** @type {Set<Delay>} */
  const delays = new Set();
  /** Forms whose submit is not answered yet. @type {WeakSet<Element>} */
  const submitting = new WeakSet();

  /** @param {any} event */
  function handle(event) {
    const { type, target } = event;
    const name = NAMES.get(type) ?? type;
    if (type.startsWith('composition')) setComposing(name === 'input' ? null : target);
    if (!(target instanceof Element)) return;
    if (/^(blur|change|submit)$/.test(name)) {
      const form = target.closest('form');
      flush(({ element }) => element === target || (form && element.closest('form') === form));
    }
    const component = session.owner(target);
    if (!component) return;
    const { view } = component;
    // One that does not bubble is nobody's but its target's; and none is another component's.
    const element = target.closest(event.bubbles ? `[spark-${CSS.escape(name)}]` : '*');
    if (!element?.hasAttribute(`spark-${name}`) || session.owner(element) !== component || element === component.element) return;
    if (view.partOf(element) === view.partOf(target)) take(component, element, name, event);
  }

  /** @param {Component} component @param {any} element @param {string} name @param {any} event */
  function take(component, element, name, event) {
    const option = (/** @type {string} */ of) => element.getAttribute(`spark-${of}`);
    const isSubmit = name === 'submit';
    const keys = event.key && option('key');
    if (keys && !keys.split(' ').includes(event.key === ' ' ? 'Space' : event.key)) return;
    // What is being composed is no text yet, and its keys are none.
    if (event.isComposing) return;
    const leads = name === 'click' && element.matches('a[href]');
    if (leads && (event.ctrlKey || event.metaKey || event.shiftKey || event.button)) return;
    const question = option('confirm');
    const isRefused = (isSubmit && submitting.has(element)) || (question && !confirm(question));
    if (leads || isSubmit || isRefused) event.preventDefault();
    if (isRefused) return;

    const act = () => post(component, element, name, event);
    const [debounce, throttle] = [Number(option('debounce')), Number(option('throttle'))];
    /** @type {Delay} */
    const delay = [...delays].find((one) => one.element === element && one.name === name) ?? { component, element, name };
    if (debounce) {
      delay.act = act;
      wait(delay, debounce);
    } else if (!throttle) act();
    else if (!delays.has(delay)) {
      act();
      wait(delay, throttle, true);
    } else if (!ONCE.test(name)) delay.act = act; // the last state counts; a second click does not
  }

  /** @param {Delay} delay @param {number} ms @param {boolean} [repeats] */
  function wait(delay, ms, repeats) {
    delay.stop?.();
    delays.add(delay);
    const timer = setTimeout(() => {
      delays.delete(delay);
      if (!delay.act) return;
      delay.act();
      if (repeats) wait({ ...delay, act: undefined }, ms, true);
    }, ms);
    delay.stop = () => clearTimeout(timer);
  }

  /** Sends what waits, so that the server hears of everything in the order in which it happened.
   *  @param {(delay: Delay) => unknown} wanted */
  function flush(wanted) {
    for (const delay of delays) {
      if (!delay.act || !wanted(delay)) continue;
      delay.stop?.();
      delays.delete(delay);
      delay.act();
    }
  }

  /** @param {Component} component @param {Element} element @param {string} name @param {any} event */
  function post(component, element, name, event) {
    if (session.owner(element) !== component) return;
    flush((delay) => delay.component === component);
    const isSubmit = name === 'submit';
    const { data, fields } = collect(element, name, event);
    const answered = fields.map(tell);
    const waiting = [element, component.element];
    const busy = isSubmit && event.submitter;
    if (isSubmit) submitting.add(element);
    if (busy) busy.ariaBusy = true;
    for (const one of waiting) load(one, 1);
    component.send(element, element.getAttribute(`spark-${name}`) ?? '', data, (error) => {
      for (const one of waiting) load(one, -1);
      for (const settle of answered) settle(error);
      if (busy) busy.ariaBusy = null;
      if (isSubmit) submitting.delete(element);
      if (error && !MENDED.test(error.code ?? '')) complain(error.message, error, component.element);
      if (isSubmit && !error && element.hasAttribute('spark-reset')) {
        /** @type {HTMLFormElement} */ (element).reset();
        for (const field of fields) tell(field)();
      }
    });
  }

  hear(BUBBLING, handle);
}

/** What an event tells: nothing in it is looked up by a name that the page chose, save in an object without a prototype.
 *  @param {any} element @param {string} name @param {any} event */
function collect(element, name, event) {
  const data = Object.assign(Object.create(null), element.dataset);
  /** @type {any[]} */
  let fields = [];
  if (element instanceof HTMLFormElement) {
    data.fields = Object.create(null);
    for (const [key, value] of new FormData(element, event.submitter)) {
      if (typeof value === 'string') data.fields[key] = key in data.fields ? [data.fields[key], value].flat() : value;
    }
    if (name !== 'submit') data._target = event.target.name;
    fields = [...element.querySelectorAll(FIELDS)];
  } else {
    // Of a click the element itself, of what is entered the field.
    const field = name === 'click' || !event.target.matches(FIELDS) ? element : event.target;
    const isField = field.matches(FIELDS) && field.type !== 'file';
    if (isField) fields = [field];
    if (isField || field.matches('button[value]')) {
      data.value = field.value;
      if (field.name) data.name = field.name;
      if (isTicked(field)) data.checked = field.checked;
    }
  }
  if (event instanceof KeyboardEvent) {
    const { key, altKey: alt, ctrlKey: ctrl, metaKey: meta, shiftKey: shift } = event;
    Object.assign(data, { key, alt, ctrl, meta, shift });
  }
  return { data, fields };
}
