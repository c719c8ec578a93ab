// What the server may ask of the page.

/** @import { Component } from './session.js' */

import { dispatch, enter, isTypedSince, user } from './values.js';

const FLASH_STAYS = 5_000; // ms
const FURTHEST = 1e9; // px; it goes as far as it can

/** Tells the page's scripts, and shows a message where the page has a place for messages.
 *  @param {string} level @param {string} message */
export function flash(level, message) {
  dispatch(document, 'spark:flash', { level, message });
  const box = document.createElement('div');
  box.className = `flash flash-${level}`;
  box.role = /error|warning/.test(level) ? 'alert' : 'status';
  box.textContent = message;
  box.onclick = () => box.remove();
  setTimeout(box.onclick, FLASH_STAYS);
  document.querySelector('[data-spark-flash]')?.append(box);
}

/** Tells the page what went wrong, and shows it. @param {string} message @param {any} error @param {EventTarget} [target] */
export function complain(message, error, target = document) {
  dispatch(target, 'spark:error', { message, code: error?.code, error });
  flash('error', message);
}

/** Does what a command says to the page, or to what a selector finds in its component, but not in one that is in it: by default,
 *  to its first element.
 *  @param {Record<string, any>} command @param {Component | undefined} component
 *  @param {Map<string, (data: any, element: Element) => void>} functions @param {(url: string) => void} navigate */
export function execute(command, component, functions, navigate) {
  const { component_id: id, target, value, to } = command;
  try {
    if (!component) {
      const { origin, href } = new URL(command.url, location.href);
      if (command.external ? !/^http/.test(href) : origin !== location.origin) throw new Error(`refused: ${href}`);
      return /nav/.test(command.type) ? navigate(href) : location.assign(href);
    }
    const { element: root, view } = component;
    /** @type {any} */
    const element = id === view.hole.id && !target ? root : [...root.querySelectorAll(target ?? '*')].find((one) => view.partOf(one).id === id);
    if (!element) throw new Error(`no ${target}`);
    const { activeElement } = document;
    switch (command.command) {
      case 'focus':
        // Unless the user has gone elsewhere meanwhile.
        return (activeElement === document.body || user.latest?.contains(activeElement)) && element.focus();
      case 'scroll':
        if (to === 'into_view') element.scrollIntoView({ block: 'nearest' });
        else element.scrollTop = to === 'bottom' ? FURTHEST : 0;
        return;
      case 'set_value':
        return isTypedSince(element) || enter(element, typeof value === 'boolean' ? value : `${value}`);
      case 'dispatch':
        return dispatch(element, command.event, command.detail);
      case 'call':
        return functions.get(command.name)?.(command.data, element);
    }
  } catch (error) {
    console.warn('Spark:', error); // a selector, an address or a function that is none
  }
}
