// Views of strings: markup without templates, in which nodes have numbers.

/** @import { View } from './blocks.js' */

import { take } from './blocks.js';
import { reorder } from './order.js';
import { misfit } from './templates.js';
import { nodesOf, setAttribute, setText, spliced } from './values.js';

// What is in these is not the view's.
const CLOSED = '[data-ignore],[data-spark],noscript,selectedcontent';

/** Gives a node, and those in it, the next numbers. @param {View} view @param {any} node */
function number(view, node) {
  /** @type {(Node | undefined)[]} */ (view.strings)[view.next++] = node;
  if (node === view.root || !node.matches?.(CLOSED)) node.childNodes.forEach((/** @type {Node} */ child) => number(view, child));
}

/** @param {View} view */
export function numberAll(view) {
  Object.assign(view, { strings: [], next: 1 });
  number(view, view.root);
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
    else if (mine.nodeName !== node.nodeName) old.replaceChild(node, mine);
    else if (!node.getAttributeNames) mine.nodeValue === node.nodeValue || setText(mine, node.nodeValue);
    else {
      for (const name of mine.getAttributeNames()) if (!node.hasAttribute(name)) setAttribute(mine, name, null);
      for (const name of node.getAttributeNames()) {
        const value = node.getAttribute(name);
        if (mine.getAttribute(name) !== value) setAttribute(mine, name, value);
      }
      if (!mine.hasAttribute('data-ignore')) morph(mine, node);
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
  } else if (operation === -7) setAttribute(node, first, Array.isArray(second) ? spliced(node.getAttribute(first), second) : second === true ? '' : second);
  else if (operation === -8) {
    const fresh = nodesOf(node, second);
    const added = [...fresh.childNodes];
    node.insertBefore(fresh, anchor);
    for (const child of added) number(view, child);
  } else misfit();
}
