// Another page without a reload: what is in its <main> takes the place of this one's.

import { applyStyles } from './values.js';

/** @param {() => void} arrived what is to be done with the new content */
export function createNavigation(arrived) {
  let visit = 0; // an answer to an earlier one comes too late
  let here = '';

  /** @param {string} url @param {boolean} [isBack] */
  async function go(url, isBack) {
    const mine = (visit += 1);
    try {
      const response = await fetch(url, { headers: { accept: 'text/html' } });
      const isPage = /^text\/html/.test(response.headers.get('content-type') ?? '') && new URL(response.url).origin === location.origin;
      const page = isPage && new DOMParser().parseFromString(await response.text(), 'text/html');
      if (mine !== visit) return;
      if (!page) throw new TypeError('no page of this site');
      if (!isBack) {
        history.replaceState({ spark: true }, '');
        history.pushState({ spark: true }, '', response.url + new URL(url).hash);
      }
      replace(page);
    } catch {
      if (mine === visit) location.assign(url);
    }
  }

  /** @param {Document} page */
  function replace(page) {
    here = location.pathname + location.search;
    const [old, fresh] = [document.querySelector('main'), page.querySelector('main')];
    const [from, to] = old && fresh ? [old, fresh] : [document.body, page.body];
    document.title = page.title;
    from.replaceWith(to);
    applyStyles(to);
    scrollTo(0, 0);
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
    arrived();
  }

  addEventListener('popstate', ({ state }) => {
    // Not for a mere change of the hash.
    if (state?.spark && here && location.pathname + location.search !== here) go(location.href, true);
  });

  return go;
}
