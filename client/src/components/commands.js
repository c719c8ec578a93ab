// What the server may ask of the page.

/** @import { Component } from './session.js' */

import { partOf } from './blocks.js';
import { enter } from './values.js';

const FLASH_STAYS = 5_000; // ms

/** Tells the page's scripts, and shows a message where the page has a place for messages.
 *  @param {string} level @param {string} message */
export function flash(level, message) {
  document.dispatchEvent(new CustomEvent('spark:flash', { detail: { level, message } }));
  const place = document.querySelector('[data-spark-flash]');
  if (!place) return;
  const box = document.createElement('div');
  box.className = `flash flash-${level}`;
  box.setAttribute('role', level === 'error' || level === 'warning' ? 'alert' : 'status');
  box.textContent = message;
  const remove = () => box.remove();
  box.addEventListener('click', remove);
  setTimeout(remove, FLASH_STAYS);
  place.append(box);
}

/** The address that a server means, if a page may be sent there. @param {string} url @param {boolean} [external] */
export function addressOf(url, external) {
  const { protocol, origin, href } = new URL(url, location.href);
  if (origin === location.origin || (external && /^https?:$/.test(protocol))) return href;
  throw new TypeError(`not an address of this site: ${url}`);
}

/** Where a command is for: what a selector finds in a component, or in one that is in it; or the first element that is its own.
 *  @param {Component} component @param {number} id @param {string} [selector] @returns {any} */
function targetOf({ element, view }, id, selector) {
  const part = [...view.parts].find((one) => one.id === id);
  if (!part) return selector ? element.querySelector(selector) : element;
  const inside = (/** @type {Element} */ one) => partOf(view, one) === part;
  return [...element.querySelectorAll(selector ?? '*')].find(inside);
}

/** @param {Component} component @param {Record<string, any>} command @param {Map<string, (data: any, element: Element) => void>} functions */
export function execute(component, { component_id: id, command, target, ...rest }, functions) {
  const element = targetOf(component, id, target);
  if (!element) throw new TypeError(`nothing is at ${target}`);
  switch (command) {
    case 'focus':
      return element.focus();
    case 'scroll':
      if (rest.to === 'into_view') element.scrollIntoView({ block: 'nearest' });
      else element.scrollTop = rest.to === 'bottom' ? element.scrollHeight : 0;
      return;
    case 'set_value': {
      const isTick = typeof rest.value === 'boolean';
      return enter(element, isTick ? 'checked' : 'value', isTick ? rest.value : String(rest.value));
    }
    case 'dispatch':
      return element.dispatchEvent(new CustomEvent(rest.event, { bubbles: true, detail: rest.detail }));
    case 'call':
      return functions.get(rest.name)?.(rest.data, element);
  }
}
