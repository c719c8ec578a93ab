// Another page without a reload: what is in its <main> takes the place of this one's.

import { scan } from './markup.js';

const address = () => location.href.replace(/#.*/, '');

/** @param {() => void} arrived what is to be done with the new content */
export function createNavigation(arrived) {
  let visit = 0; // an answer to an earlier one comes too late
  let here = '';

  /** @param {string} url @param {boolean} [isBack] */
  async function go(url, isBack) {
    const mine = (visit += 1);
    try {
      const response = await fetch(url, { mode: 'same-origin' });
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      if (mine !== visit) return;
      const [old, fresh] = /** @type {any[]} */ ([document, page].map((one) => one.querySelector('main')));
      document.adoptNode(fresh); // throws if there is none, as there is in what is no page
      if (!isBack) history.pushState(null, '', response.url + new URL(url).hash);
      here = address();
      document.title = page.title;
      old.replaceWith(fresh);
      scan(fresh);
      scrollTo(0, 0);
      document.getElementById(location.hash.slice(1))?.scrollIntoView();
      arrived();
    } catch {
      if (mine === visit) location.assign(url);
    }
  }

  // Not for a mere change of the hash.
  addEventListener('popstate', () => here && address() !== here && go(location.href, true));

  return go;
}
