// The parts of the client that the tests in a page call directly.

import { staying } from '../../src/components/order.js';
import { createTemplates } from '../../src/components/templates.js';
import { createView } from '../../src/components/view.js';
import { createReference } from './reference.js';
import { seeded } from '../world.mjs';

/** A view in a new element of the page, with these templates. */
export async function viewOf(sources) {
  const root = document.body.appendChild(document.createElement('div'));
  const templates = createTemplates(async (name) => sources[name] ?? sources.get?.(name));
  for (const name of sources instanceof Map ? sources.keys() : Object.keys(sources)) await templates(name);
  const view = createView(root, templates);
  return { root, view, templates, patch: (...data) => view.apply({ data, at: 0 }), hydrate: (...shape) => view.hydrate(shape) };
}

const plain = (html) => {
  const element = document.createElement('div');
  element.innerHTML = html;
  element.normalize();
  return element;
};

/** Whether the page shows what the HTML says, down to each node; the difference if not. */
export function differs(root, html) {
  const [seen, expected] = [root.cloneNode(true), plain(html)];
  seen.normalize();
  while (seen.attributes.length) seen.removeAttribute(seen.attributes[0].name);
  return seen.isEqualNode(expected) ? null : { expected: expected.innerHTML, seen: seen.innerHTML };
}

/** One random story: a page that is found or made, and patches. */
export async function story(seed, patches) {
  const reference = createReference(seeded(seed));
  const { root, view, templates } = await viewOf(reference.sources);
  const steps = [];
  try {
    const check = () => {
      const difference = differs(root, reference.html());
      if (difference) throw new Error(JSON.stringify(difference));
    };
    if (seed % 2) {
      root.innerHTML = reference.html();
      const before = root.innerHTML;
      view.hydrate(reference.shape());
      if (root.innerHTML !== before) throw new Error('hydration changed the page');
    } else {
      const data = reference.whole();
      steps.push(data);
      view.apply({ data, at: 0 });
    }
    check();
    for (let n = 0; n < patches; n += 1) {
      const data = reference.patch();
      steps.push(data);
      for (const name of reference.sources.keys()) await templates(name);
      view.apply({ data, at: 0 });
      check();
    }
    return null;
  } catch (error) {
    return { seed, error: String(error.stack ?? error), sources: [...reference.sources], steps: steps.slice(-1) };
  } finally {
    root.remove();
  }
}

globalThis.inner = { viewOf, differs, story, staying, seeded };
