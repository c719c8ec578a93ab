// What the server may ask of the page.

/** @import { Component } from './session.js' */

import { enter } from './values.js';

const FLASH_STAYS = 5_000; // ms

/** Tells the page's scripts, and shows a message where the page has a place for messages.
 *  @param {string} level @param {string} message */
export function flash(level, message) {
  document.dispatchEvent(new CustomEvent('spark:flash', { detail: { level, message } }));
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

/** Where a command is for: what a selector finds in a component, but not in one that is in it; or its first element.
 *  @param {Component} component @param {number} id @param {string} [selector] @returns {any} */
function targetOf({ element, view }, id, selector) {
  if (id === view.hole.id && !selector) return element;
  return [...element.querySelectorAll(selector ?? '*')].find((one) => view.partOf(one).id === id);
}

/** @param {Component} component @param {Record<string, any>} frame @param {Map<string, (data: any, element: Element) => void>} functions */
export function execute(component, { component_id: id, command, target, value, ...rest }, functions) {
  const element = targetOf(component, id, target);
  switch (command) {
    case 'focus':
      return element.focus();
    case 'scroll':
      if (rest.to === 'into_view') element.scrollIntoView({ block: 'nearest' });
      else element.scrollTop = rest.to === 'bottom' ? element.scrollHeight : 0;
      return;
    case 'set_value':
      return typeof value === 'boolean' ? enter(element, 'checked', value) : enter(element, 'value', `${value}`);
    case 'dispatch':
      return element.dispatchEvent(new CustomEvent(rest.event, { bubbles: true, detail: rest.detail }));
    case 'call':
      return functions.get(rest.name)?.(rest.data, element);
  }
}
