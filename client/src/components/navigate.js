// Another page without a reload: what is in its <main> takes the place of this one's.

import { scan } from './markup.js';

/** @param {() => void} arrived what is to be done with the new content */
export function createNavigation(arrived) {
  let visit = 0; // an answer to an earlier one comes too late
  let here = '';

  /** @param {string} url @param {boolean} [isBack] */
  async function go(url, isBack) {
    const mine = (visit += 1);
    try {
      const response = await fetch(url, { headers: { accept: 'text/html' } });
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      if (mine !== visit) return;
      if (!/^text\/html/.test(response.headers.get('content-type') ?? '') || !response.url.startsWith(`${location.origin}/`)) throw 0;
      if (!isBack) {
        history.replaceState({ spark: 1 }, '');
        history.pushState({ spark: 1 }, '', response.url + new URL(url).hash);
      }
      here = location.pathname + location.search;
      const [from, to] = [document, page].map((one) => one.querySelector('main'));
      document.title = page.title;
      const fresh = from && to ? to : page.body;
      (from && to ? from : document.body).replaceWith(fresh);
      scan(fresh);
      scrollTo(0, 0);
      document.getElementById(location.hash.slice(1))?.scrollIntoView();
      arrived();
    } catch {
      if (mine === visit) location.assign(url);
    }
  }

  addEventListener('popstate', ({ state }) => {
    // Not for a mere change of the hash.
    if (state?.spark && here && location.pathname + location.search !== here) go(location.href, true);
  });

  return go;
}
