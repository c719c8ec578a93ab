// Views of strings: markup without templates.

import { setAttribute, setText, within } from './values.js';

/** Whose inside has no numbers, because it belongs to somebody else. @param {any} node */
export const isClosed = (node) => node.matches?.('[data-ignore],[data-spark]') || /^(NOSCRIPT|SELECTEDCONTENT)$/.test(node.nodeName); // of HTML

/** Makes the nodes in `old` like those in `fresh`, and keeps those of the same kind. @param {any} old @param {any} fresh */
export function morph(old, fresh) {
  const theirs = [...fresh.childNodes];
  [...old.childNodes].slice(theirs.length).forEach((node) => node.remove());
  theirs.forEach((node, index) => {
    const mine = old.childNodes[index];
    if (!mine) old.append(node);
    else if (mine.nodeName !== node.nodeName || (mine.content && mine.innerHTML !== node.innerHTML)) mine.replaceWith(node);
    else if (!node.getAttributeNames) setText(mine, node.data);
    else {
      for (const name of new Set([...mine.getAttributeNames(), ...node.getAttributeNames()])) {
        const value = node.getAttribute(name);
        if (mine.getAttribute(name) !== value) setAttribute(mine, name, value);
      }
      if (!isClosed(mine)) within(mine, () => morph(mine, node));
    }
  });
}
