// Another page without a reload: what is in its <main> takes the place of this one's.

import { scan } from './markup.js';

const address = () => location.href.replace(/#.*/, '');

/** @param {() => void} arrived what is to be done with the new content */
export function createNavigation(arrived) {
  let visit = 0; // an answer to an earlier one comes too late
  let here = address();

  /** @param {string} url @param {number} [back] where it was scrolled to, of a page that was here before */
  async function go(url, back) {
    const mine = (visit += 1);
    const isNew = back == null;
    try {
      const response = await fetch(url, { mode: 'same-origin' });
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      if (mine !== visit) return;
      const old = /** @type {any} */ (document.querySelector('main'));
      const fresh = /** @type {any} */ (page.querySelector('main'));
      scan(fresh); // throws if there is none, as there is in what is no page
      if (isNew) {
        // In an entry of the history: where its page is scrolled to.
        history.replaceState({ spark: scrollY }, '');
        history.pushState({ spark: 0 }, '', response.url + new URL(url).hash);
      }
      here = address();
      document.title = page.title;
      old.replaceWith(fresh);
      scrollTo(0, back ?? 0);
      if (isNew) document.getElementById(location.hash.slice(1))?.scrollIntoView();
      arrived();
    } catch {
      if (mine === visit) location.assign(url);
    }
  }

  // Of entries that were made here, be it before a reload; and not for a mere change of the hash.
  addEventListener('popstate', ({ state }) => state?.spark >= 0 && address() !== here && go(location.href, state.spark));

  return /** @type {(url: string) => void} */ (go);
}
