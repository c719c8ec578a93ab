// What the user does, told to the component: one listener of the document for each kind of event.

/** @import { Environment } from '../environment.js' */
/** @import { Component, Session } from './session.js' */
/**
 * @typedef {object} Delay an event that waits, or a time in which no other is sent
 * @property {Component} component
 * @property {Element} element
 * @property {string} name
 * @property {(() => void) | undefined} act
 * @property {() => void} stop
 */

import { partOf } from './blocks.js';
import { FIELDS, load, setComposing, tell } from './values.js';

const BUBBLING = ['click', 'input', 'change', 'submit', 'keydown', 'keyup', 'focusin', 'focusout', 'compositionend'];
/** What an event is called in attributes. */
const NAMES = new Map([['focusin', 'focus'], ['focusout', 'blur'], ['compositionend', 'input']]);
const NAMED = './/@*[starts-with(name(), "spark-")]';
/** Errors of an event that the page mends by itself. */
const MENDED = /^(CONNECTION_LOST|NOT_MOUNTED)$/;
const KEYS = /** @type {const} */ ({ key: 'key', alt: 'altKey', ctrl: 'ctrlKey', meta: 'metaKey', shift: 'shiftKey' });

/** @param {Environment} env @param {Session} session
 *  @param {(message: string, error: any, component: Component) => void} complain */
export function createEvents(env, session, complain) {
  const heard = new Set(['focus', 'blur']);
  /** @type {Set<Delay>} */
  const delays = new Set();
  /** Forms whose submit is not answered yet. @type {WeakSet<Element>} */
  const submitting = new WeakSet();

  /** @param {string} type @param {boolean} capture */
  function listen(type, capture) {
    if (heard.has(type)) return;
    heard.add(type);
    document.addEventListener(type, handle, capture);
  }
  for (const type of BUBBLING) listen(type, false);
  document.addEventListener('compositionstart', (event) => setComposing(event.target), true);

  /** @param {any} event */
  function handle(event) {
    const { type, target } = event;
    const name = NAMES.get(type) ?? type;
    if (type === 'compositionend') setComposing(null);
    if (!(target instanceof Element)) return;
    if (name === 'blur' || name === 'change' || name === 'submit') {
      const form = target.closest('form');
      flush(({ element }) => element === target || (!!form && element.closest('form') === form));
    }
    const component = session.owner(target);
    if (!component) return;
    const part = partOf(component.view, target);
    let element = target;
    // An event that does not bubble is nobody's but its target's.
    while (!element.hasAttribute(`spark-${name}`)) {
      const parent = event.bubbles ? element.parentElement : null;
      if (!parent || parent === component.element || partOf(component.view, parent) !== part) return;
      element = parent;
    }
    take(component, element, name, event);
  }

  /** @param {Component} component @param {Element} element @param {string} name @param {any} event */
  function take(component, element, name, event) {
    const option = (/** @type {string} */ of) => element.getAttribute(`spark-${of}`);
    const isSubmit = name === 'submit';
    const keys = event.key && option('key');
    if (keys && !keys.split(' ').includes(event.key === ' ' ? 'Space' : event.key)) return;
    // What is being composed is no text yet, and its keys are none.
    if (event.isComposing) return;
    if (name === 'click' && element.matches('a[href]')) {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
    }
    if (isSubmit) {
      event.preventDefault();
      if (submitting.has(element)) return;
    }
    const question = option('confirm');
    if (question && !confirm(question)) return event.preventDefault();

    const act = () => post(component, element, name, event);
    const [debounce, throttle] = [Number(option('debounce')), Number(option('throttle'))];
    const delay = [...delays].find((one) => one.element === element && one.name === name);
    if (debounce > 0) {
      delay?.stop();
      later(component, element, name, debounce, act);
    } else if (throttle > 0) {
      // The last state counts; a second click does not.
      if (delay) delay.act = name === 'click' || isSubmit ? undefined : act;
      else {
        act();
        again(component, element, name, throttle);
      }
    } else act();
  }

  /** @param {Component} component @param {Element} element @param {string} name @param {number} ms @param {() => void} [act]
   *  @param {() => void} [then] */
  function later(component, element, name, ms, act, then) {
    /** @type {Delay} */
    const delay = {
      component, element, name, act,
      stop() {
        cancel();
        delays.delete(delay);
      },
    };
    const cancel = env.after(ms, () => {
      delay.stop();
      if (!delay.act) return;
      delay.act();
      then?.();
    });
    delays.add(delay);
  }

  /** @param {Component} component @param {Element} element @param {string} name @param {number} ms */
  function again(component, element, name, ms) {
    later(component, element, name, ms, undefined, () => again(component, element, name, ms));
  }

  /** Sends what waits, so that the server hears of everything in the order in which it happened.
   *  @param {(delay: Delay) => boolean} wanted */
  function flush(wanted) {
    for (const delay of [...delays]) {
      if (!delay.act || !wanted(delay)) continue;
      const { act } = delay;
      delay.stop();
      act();
    }
  }

  /** @param {Component} component @param {Element} element @param {string} name @param {any} event */
  function post(component, element, name, event) {
    if (session.owner(element) !== component) return;
    flush((delay) => delay.component === component);
    const { data, fields } = collect(element, name, event);
    const answered = fields.map(tell);
    const busy = name === 'submit' ? /** @type {Element | null} */ (event.submitter) : null;
    if (name === 'submit') submitting.add(element);
    busy?.setAttribute('aria-busy', 'true');
    for (const one of [element, component.element]) load(one, 1);
    session.send(component, element, element.getAttribute(`spark-${name}`) ?? '', data, (error) => {
      for (const one of [element, component.element]) load(one, -1);
      for (const settle of answered) settle(error);
      submitting.delete(element);
      busy?.removeAttribute('aria-busy');
      if (error && !MENDED.test(error.code ?? '')) complain(error.message, error, component);
    });
  }

  return {
    /** Listens for the events that are named in the attributes of these nodes. @param {Node} nodes */
    scan(nodes) {
      for (const node of nodes.childNodes) {
        if (!(node instanceof Element)) continue;
        const found = node.ownerDocument.evaluate(NAMED, node, null, XPathResult.ANY_TYPE);
        for (let attribute; (attribute = found.iterateNext()); ) listen(attribute.nodeName.slice(6), true);
      }
    },
    listen,
  };
}

/** What an event tells: nothing in it is looked up by a name that the page chose, save in an object without a prototype.
 *  @param {any} element @param {string} name @param {any} event */
function collect(element, name, event) {
  const data = Object.assign(Object.create(null), element.dataset);
  /** @type {any[]} */
  const fields = [];
  if (element instanceof HTMLFormElement) {
    data.fields = Object.create(null);
    for (const [key, value] of new FormData(element, event.submitter)) {
      if (typeof value === 'string') data.fields[key] = key in data.fields ? [data.fields[key], value].flat() : value;
    }
    if (name !== 'submit') data._target = event.target.name;
    fields.push(...element.querySelectorAll(FIELDS));
  } else {
    // Of a click the element itself, of what is entered the field.
    const field = name === 'click' || !event.target.matches(FIELDS) ? element : event.target;
    const isButton = field.matches('button[value]');
    if (isButton || (field.matches(FIELDS) && field.type !== 'file')) {
      if (!isButton) fields.push(field);
      data.value = field.value;
      if (field.name) data.name = field.name;
      if (field.type === 'checkbox' || field.type === 'radio') data.checked = field.checked;
    }
  }
  if (event instanceof KeyboardEvent) for (const [key, from] of Object.entries(KEYS)) data[key] = event[from];
  return { data, fields };
}
