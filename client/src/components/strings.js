// Views of strings: markup without templates, in which nodes have numbers.

/** @import { View } from './blocks.js' */

import { take } from './blocks.js';
import { reorder } from './order.js';
import { misfit } from './templates.js';
import { nodesOf, setAttribute, setText, spliced } from './values.js';

/** Whose inside has no numbers, because it belongs to somebody else. @param {any} node */
const isClosed = (node) => node.matches?.('[data-ignore],[data-spark],noscript,selectedcontent');

/** Gives a node, and those in it, the next numbers. @param {View} view @param {Node} node */
function number(view, node) {
  /** @type {(Node | undefined)[]} */ (view.strings)[view.next++] = node;
  if (node === view.root || !isClosed(node)) node.childNodes.forEach((child) => number(view, child));
}

/** @param {View} view @param {number} [count] how many nodes there have to be in it */
export function numberAll(view, count) {
  Object.assign(view, { strings: [], next: 1 });
  number(view, view.root);
  if (count !== undefined && count !== view.next - 2) misfit();
}

/** The whole view is this markup. @param {View} view @param {string} markup */
export function beginStrings(view, markup) {
  morph(view.root, nodesOf(view.root, markup));
  numberAll(view);
  view.touched.push(view.root);
}

/** Makes the nodes in `old` like those in `fresh`, and keeps those of the same kind. @param {any} old @param {any} fresh */
function morph(old, fresh) {
  const theirs = [...fresh.childNodes];
  [...old.childNodes].slice(theirs.length).forEach((node) => node.remove());
  theirs.forEach((node, index) => {
    const mine = old.childNodes[index];
    if (!mine) old.appendChild(node);
    else if (mine.nodeName !== node.nodeName || (mine.content && mine.innerHTML !== node.innerHTML)) old.replaceChild(node, mine);
    else if (!node.getAttributeNames) mine.nodeValue === node.nodeValue || setText(mine, node.nodeValue);
    else {
      for (const name of mine.getAttributeNames()) if (!node.hasAttribute(name)) setAttribute(mine, name, null);
      for (const name of node.getAttributeNames()) {
        const value = node.getAttribute(name);
        if (mine.getAttribute(name) !== value) setAttribute(mine, name, value);
      }
      if (!isClosed(mine)) morph(mine, node);
    }
  });
}

/** @param {View} view @param {(Node | undefined)[]} nodes @param {number} operation */
export function operateStrings(view, nodes, operation) {
  if (operation === -5) return numberAll(view);
  /** @type {any} */
  const node = nodes[operation > 0 ? operation : take(view)];
  if (!node?.isConnected) misfit();
  view.touched.push(node);
  const first = take(view);
  if (operation > 0) return setText(node, Array.isArray(first) ? spliced(node.nodeValue, first) : first ?? '');
  const second = take(view);
  const children = [...node.childNodes];
  const anchor = children[first] ?? null;
  if (operation === -2) {
    if (first + second > children.length) misfit();
    for (const child of children.splice(first, second)) child.remove();
  } else if (operation === -3 || operation === -4) {
    reorder(children, first, second, operation === -3, node, (child) => [child, child], null);
  } else if (operation === -7) {
    const value = Array.isArray(second) ? spliced(node.getAttribute(first) ?? misfit(), second) : second;
    setAttribute(node, first, value === true ? '' : value);
  } else if (operation === -8) {
    const fresh = nodesOf(node, second);
    const added = [...fresh.childNodes];
    node.insertBefore(fresh, anchor);
    for (const child of added) number(view, child);
  } else misfit();
}
