// What the server may ask of the page.

/** @import { Component } from './session.js' */

import { enter } from './values.js';

const FLASH_STAYS = 5_000; // ms

/** @param {EventTarget} target @param {string} type @param {any} detail */
export const dispatch = (target, type, detail) => target.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));

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

/** The address that a server means, if a page may be sent there. @param {string} url @param {boolean} [external] */
export function addressOf(url, external) {
  const { protocol, origin, href } = new URL(url, location.href);
  if (origin === location.origin || (external && /^https?:$/.test(protocol))) return href;
  throw new TypeError(`not of this site: ${url}`);
}

/** @param {Component} component @param {Record<string, any>} frame @param {Map<string, (data: any, element: Element) => void>} functions */
export function execute({ element: root, view }, { component_id: id, command, target, value, to, event, detail, name, data }, functions) {
  /** What a selector finds in the component, but not in one that is in it; or its first element. @type {any} */
  const element = id === view.hole.id && !target ? root : [...root.querySelectorAll(target ?? '*')].find((one) => view.partOf(one).id === id);
  switch (command) {
    case 'focus':
      return element.focus();
    case 'scroll':
      if (to === 'into_view') element.scrollIntoView({ block: 'nearest' });
      else element.scrollTop = to === 'bottom' ? element.scrollHeight : 0;
      return;
    case 'set_value':
      return typeof value === 'boolean' ? enter(element, 'checked', value) : enter(element, 'value', `${value}`);
    case 'dispatch':
      return dispatch(element, event, detail);
    case 'call':
      return functions.get(name)?.(data, element);
  }
}
