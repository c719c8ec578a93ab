// Whether everybody can use the pages: contrast, sizes for fingers, names, focus, no motion for who wants none.

import { check, equal } from '../lib.mjs';
import { PAGES } from './pages.mjs';
import { becomes, browserName, enter, fitsWidth, freshRoom, live, open, shoot, test } from './world.mjs';

/** All pages: the live ones with something on them, and the two that are not live. */
const EVERYWHERE = [
  ...PAGES.map(({ name, path, fill }) => ({ name, visit: async (options) => {
    const page = await live(path(), options);
    await fill(page);
    await becomes(() => page.locator('.spark-loading').count(), 0, 'what is under way');
    return page;
  } })),
  { name: 'start', visit: (options) => open('/', options) },
  { name: 'chat', visit: (options) => enter(freshRoom(), options) },
];

/** Texts whose contrast with what is behind them is below what WCAG 2 asks for (AA). */
function paleTexts() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((part, n) => (part * a + below[n] * (255 - a)) / 255);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  // What may be behind an element: of a gradient, each of its colours.
  const behind = (element) => {
    if (!element) return [rgba('Canvas').slice(0, 3)];
    const { backgroundColor, backgroundImage } = getComputedStyle(element);
    const colours = backgroundImage.includes('gradient') ? backgroundImage.match(/(rgb|rgba|oklch|color)\([^()]*\)/g).map(rgba).filter(([, , , a]) => a === 255) : [];
    if (colours.length) return colours.map((colour) => colour.slice(0, 3));
    const own = rgba(backgroundColor);
    if (own[3] === 255) return [own.slice(0, 3)];
    return behind(element.parentElement).map((below) => over(own, below));
  };
  const pale = new Set();
  const look = (element, style, what) => {
    const size = parseFloat(style.fontSize);
    const enough = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const worst = Math.min(...behind(element).map((below) => contrast(over(rgba(style.color), below), below)));
    if (worst < enough) pale.add(`${worst.toFixed(2)} of ${enough}: ${what}`);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: element, data } = walker.currentNode;
    if (!data.trim() || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || element.closest(':disabled, noscript, [aria-hidden=true]')) continue;
    look(element, getComputedStyle(element), `${element.tagName.toLowerCase()}.${element.className} "${data.trim().slice(0, 40)}"`);
  }
  for (const field of document.querySelectorAll('input, textarea')) {
    if (!field.checkVisibility()) continue;
    look(field, getComputedStyle(field), `what is in ${field.outerHTML.slice(0, 60)}`);
    if (field.placeholder) look(field, getComputedStyle(field, '::placeholder'), `the placeholder of ${field.outerHTML.slice(0, 60)}`);
  }
  return [...pale];
}

/** What is to be touched and is smaller than a finger: 44 px. A link within a sentence is as high as its line. */
function smallTargets() {
  const small = [];
  for (const control of document.querySelectorAll('a[href], button, input, select, textarea')) {
    if (!control.checkVisibility({ visibilityProperty: true })) continue;
    const around = control.matches('[type=checkbox], [type=radio]') ? (control.closest('label') ?? control) : control;
    const isInSentence = control.matches('p a, li a') && [...control.parentElement.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    let { width, height } = around.getBoundingClientRect();
    const overlay = getComputedStyle(control, '::after'); // a card that is a link as a whole
    if (overlay.position === 'absolute' && overlay.content !== 'none') ({ width, height } = control.closest('.card').getBoundingClientRect());
    if (!isInSentence && (width < 43.9 || height < 43.9)) small.push(`${Math.round(width)}×${Math.round(height)}: ${control.outerHTML.slice(0, 90)}`);
    if (small.length > 20) break;
  }
  return small;
}

test('all pages: texts stand out from what is behind them, light and dark', async () => {
  const pale = [];
  for (const { name, visit } of EVERYWHERE) {
    for (const dark of [false, true]) {
      const page = await visit({ dark, width: 1280 });
      pale.push(...(await page.evaluate(paleTexts)).map((text) => `${name}, ${dark ? 'dark' : 'light'}: ${text}`));
      await shoot(page, `wide-${name}-${dark ? 'dark' : 'light'}`);
      await page.context().close();
    }
  }
  equal(pale, [], 'texts that are too pale');
});

test('all pages: on a phone nothing is beside the screen, or too small for a finger', async () => {
  const small = [];
  for (const { name, visit } of EVERYWHERE) {
    for (const dark of [false, true]) {
      const page = await visit({ dark, width: 390, height: 844, isPhone: true });
      if (!dark) small.push(...(await page.evaluate(smallTargets)).map((text) => `${name}: ${text}`));
      await shoot(page, `narrow-${name}-${dark ? 'dark' : 'light'}`);
      for (const width of [390, 360, 320]) {
        await page.setViewportSize({ width, height: 844 });
        await fitsWidth(page, width);
      }
      await page.context().close();
    }
  }
  equal(small, [], 'controls that are too small');
});

test('all pages: every control has a name, and shows where the focus is', async () => {
  for (const { name, visit } of EVERYWHERE) {
    const page = await visit({});
    const nameless = await page.locator('button:visible, input:visible, textarea:visible, a[href]').evaluateAll((all) =>
      all.filter((one) => !(one.ariaLabel || one.labels?.[0]?.textContent.trim() || (one.matches('a, button') && one.textContent.trim()))).map((one) => one.outerHTML));
    equal(nameless, [], `controls of "${name}" without a name`);
    // Without a screen, no window of Firefox is the active one, and nothing in it has the focus.
    for (let n = 0; n < 8 && browserName === 'chromium'; n += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => document.activeElement === document.body)) continue; // behind the last one
      const ring = await page.evaluate(() => {
        const { activeElement: e } = document;
        const isSeen = (box) => getComputedStyle(box).outlineStyle !== 'none' || getComputedStyle(box).boxShadow.includes('0px 0px 0px');
        return { what: e.outerHTML.slice(0, 80), isSeen: isSeen(e) || isSeen(e.parentElement) };
      });
      check(ring.isSeen, `the focus ring of ${ring.what} in "${name}"`, 'visible', 'none');
    }
    await page.context().close();
  }
});

test('live pages: nothing moves for who wants no motion', async () => {
  for (const reducedMotion of [null, 'reduce']) {
    const page = await live('/risky', { reducedMotion });
    // An animation that takes no time begins and ends as well; and one begins only when the browser comes to it, some frames after what it moves is there.
    await page.evaluate(() => {
      window.moved = new Promise((done) => document.addEventListener('animationstart', ({ target }) => target.matches('.flash') && done(getComputedStyle(target).animationDuration)));
    });
    await page.getByRole('button', { name: 'Read it' }).click();
    equal(await page.evaluate(() => Promise.race([window.moved, new Promise((done) => setTimeout(done, 10_000, 'no animation'))])), reducedMotion ? '0s' : '0.18s', `how long "Read it" moves something (${reducedMotion ?? 'motion is welcome'})`);
  }
});
