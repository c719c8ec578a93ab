// Each operation by itself, called directly: what the page shows, and in how many changes.

import { equal, test } from './world.mjs';

/** Plays `steps` in the page: each is a patch, what must be shown then, and how many changes of the page that takes. */
async function play(page, templates, steps, { html, shape } = {}) {
  return page.evaluate(async ({ templates, steps, html, shape }) => {
    const { root, patch, hydrate } = await inner.viewOf(templates);
    if (html !== undefined) {
      root.innerHTML = html;
      hydrate(...shape);
    }
    const watch = new MutationObserver(() => {});
    watch.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
    const wrong = [];
    for (const [data, expected, changes] of steps) {
      patch(...data);
      const seen = watch.takeRecords().length;
      const difference = inner.differs(root, expected);
      if (difference) wrong.push([data, difference]);
      if (changes !== undefined && seen !== changes) wrong.push([data, `${seen} changes`]);
    }
    return wrong;
  }, { templates, steps, html, shape });
}

const LIST = { Ul: ['<ul></ul>', [[[[2, 0, ['<li> </li>', [[[[[], [0]]]]]]]]]]] };
const list = (text) => `<ul>${[...text].map((one) => `<li>${one}</li>`).join('')}</ul>`;

test('rows come, go and change places with one change each', async ({ bare, page }) => {
  await bare();
  equal(await play(page, LIST, [
    [[-6, 'Ul', 3, 0, 'a', 'b', 'c'], list('abc')],
    [[3, 'B'], list('aBc'), 1],
    [[-1, 1, 3, 1, 'd'], list('aBcd'), 1],
    [[-1, 1, 0, 2, 0, 'x', 'y'], list('xyaBcd'), 1],
    [[-1, 1, 6, 3, 1, 'z'], list('xyaBcdzzz'), 1],
    [[-2, 1, 6, 3], list('xyaBcd'), 3],
    [[-3, 1, 0, 5], list('yaBcdx'), 2], // out and in
    [[-3, 1, 5, 0], list('xyaBcd'), 2],
    [[-4, 1, 1, [4, 1, 2, 3, 0]], list('xdaBcy'), 4],
    [[-5, 2, 'X', 7, 'Y'], list('XdaBcY'), 2],
    [[-2, 1, [0, 1, 2, 2]], list('daY'), 3],
    [[-2, 1, 0, 3], list(''), 1],
    [[-6, 'Ul', 1, 'q'], list('q'), 1],
    [[-6, 'Ul', 1, 'q'], list('q'), 0],
  ]), []);
});

test('values: numbers, null, true, splices, fixed texts around, several places', async ({ bare, page }) => {
  await bare();
  const templates = { T: ['<p> </p><a class="c"> </a>', [[[[[], [0, '', 'no ', '!']]], [0, 'id', 'row-', '']], [[[[], [2]]], [1, 'title']]]] };
  equal(await play(page, templates, [
    [[-6, 'T', 7, null, 'abc'], '<p id="row-7">no 7!</p><a class="c">abc</a>'],
    [[1, 'x'], '<p id="row-x">no x!</p><a class="c">abc</a>', 2],
    [[2, true, 3, [1, 1, 'ü']], '<p id="row-x">no x!</p><a class="c" title="">aüc</a>', 2],
    [[3, ['d']], '<p id="row-x">no x!</p><a class="c" title="">aücd</a>', 1],
    [[1, null, 3, true], '<p id="row-">no !</p><a class="c" title="">true</a>', 3],
    [[2, null], '<p id="row-">no !</p><a class="c">true</a>', 1],
  ]), []);
});

test('a page of the server is found as it is, and splices go on from what it shows', async ({ bare, page }) => {
  await bare();
  const templates = {
    T: ['<p title="t"> </p><!----><i> </i><b></b>', [[[[[], [0, '', 'n: ', '']]]], 0, [1, 1, ['<u></u>', [0]], ['<s> </s>', [[[[[], [0]]], [0, 'class']]]]], [[[[], [2]]]], [[[3, 3]]]]],
    E: ['<em> </em>', [[[[[], [0]]]]]],
  };
  equal(await play(page, templates, [
    [[3, 'now'], '<p title="t">n: 1</p><!----><s class="old">old</s><i>now</i><b><em></em></b>', 1],
    [[5, [3, 0, 'er']], '<p title="t">n: 1</p><!----><s class="older">older</s><i>now</i><b><em></em></b>', 2],
    [[1, [1, 0, '!']], '<p title="t">n: 1!</p><!----><s class="older">older</s><i>now</i><b><em></em></b>', 1],
    [[6, 'e'], '<p title="t">n: 1!</p><!----><s class="older">older</s><i>now</i><b><em>e</em></b>', 1],
    [[2, 1], '<p title="t">n: 1!</p><!----><u></u><i>now</i><b><em>e</em></b>', 1],
    [[2, 0, 4, 0], '<p title="t">n: 1!</p><!----><i>now</i><b></b>', 2],
    [[4, 2, 'again'], '<p title="t">n: 1!</p><!----><i>now</i><b><em>again</em></b>', 1],
  ], { html: '<p title="t">n: 1</p><!----><s class="old">old</s><i></i><b><em></em></b>', shape: ['T', 2, 'E'] }), []);
});

test('svg and math are what they are called, in tables rows are rows', async ({ bare, page }) => {
  await bare();
  const seen = await page.evaluate(async () => {
    const { root, patch } = await inner.viewOf({
      S: ['<svg viewBox="0 0 9 9"></svg><math></math><table><tbody></tbody></table>', [[[[2, 0, ['<svg><circle></circle><use></use></svg>', [[[], [0, 'r']], [[], [1, 'href']]], 1]]]], [[[1, 1, ['<math><mi> </mi></math>', [[[[[], [0]]]]], 1]]]], [[[[[2, 2, ['<tr><td> </td></tr>', [[[[[[[], [0]]]]]]]]]]]]]]],
    });
    patch(-6, 'S', 1, 5, '#x', 1, 'x', 2, 0, 'a', 'b');
    const [circle, use] = root.querySelectorAll('circle,use');
    return [circle.namespaceURI, use.getAttribute('href'), root.querySelector('mi').namespaceURI,
      [...root.querySelectorAll('table > tbody > tr > td')].map((td) => td.textContent)];
  });
  equal(seen, ['http://www.w3.org/2000/svg', '#x', 'http://www.w3.org/1998/Math/MathML', ['a', 'b']]);
});

test('the same template again keeps nodes, another does not', async ({ bare, page }) => {
  await bare();
  const seen = await page.evaluate(async () => {
    const { root, patch } = await inner.viewOf({
      T: ['<input><ul></ul><p></p>', [[[], [0, 'class']], [[[2, 1, ['<li> </li>', [[[[[], [0]]]]]]]]], [[[1, 2, ['<b></b>', [0]], ['<i></i>', [0]]]]]]],
    });
    patch(-6, 'T', 'a', 2, 0, 'one', 'two', 1);
    const before = [...root.querySelectorAll('*')];
    before[0].focus();
    before[0].value = 'typed';
    patch(-6, 'T', 'b', 3, 0, 'one', 'zwei', 'drei', 1);
    const after = [...root.querySelectorAll('*')];
    const kept = before.map((node) => after.includes(node));
    patch(-6, 'T', 'b', 1, 'uno', 2);
    return [kept, document.activeElement === before[0], before[0].value, root.innerHTML];
  });
  equal(seen, [[true, true, true, true, true, true], true, 'typed', '<input class="b"><ul><li>uno</li></ul><p><i></i></p>']);
});

test('a patch that does not fit throws and says so, and the whole view puts it right', async ({ bare, page }) => {
  await bare();
  const wrong = await page.evaluate(async () => {
    const found = [];
    const cases = [[99, 'x'], [1, 'x', 'y'], [-2, 1, 0, 9], [-3, 1, 0, 9], [-4, 1, 0, [0, 0]], [-1, 1, 0, 2, 0, 'a'], [-1, 2, 0, 1, 'a'], [-9, 1, 0, 0], [2, [9, 9, '']], [-6], [-6, 3], [-1, 1, 0, 1e9]];
    for (const data of cases) {
      const { root, view, patch } = await inner.viewOf({ Ul: ['<ul></ul>', [[[[2, 0, ['<li> </li>', [[[[[], [0]]]]]]]]]]] });
      patch(-6, 'Ul', 1, 'a');
      let threw = false;
      try {
        patch(...data);
      } catch {
        threw = true;
      }
      view.isBroken = true;
      patch(-6, 'Ul', 1, 'ok');
      if (!threw || root.textContent !== 'ok') found.push([data, threw, root.textContent]);
      root.remove();
    }
    return found;
  });
  equal(wrong, []);
});

test('what is inside data-ignore is left alone, from the first patch on', async ({ bare, page }) => {
  await bare();
  const templates = { T: ['<div data-ignore><b> </b></div><i></i>', [[[[[[[], [1]]]], [2, 2, ['<u> </u>', [[[[[], [0]]]]]]]], [0, 'class']], [[[1, 3, ['<s></s>', [0]]]]]]] };
  const first = '<div data-ignore class="c"><b>a</b><u>1</u></div><i></i>';
  const steps = [
    [[2, 'b', -1, 3, 0, 1, '2', 5, '3', 6, '4'], first, 0],
    [[-3, 3, 0, 1, 1, 'd', 4, 1], first.replace('"c"', '"d"').replace('<i>', '<i><s></s>'), 2],
  ];
  equal(await play(page, templates, [[[-6, 'T', 'c', 'a', 1, '1', 0], first], ...steps]), []);
  equal(await play(page, templates, [[[2, 'b', -1, 3, 0, 1, '2', 5, '3', 6, '4'], '<div data-ignore class="c">mine</div><i></i>', 0]],
    { html: '<div data-ignore class="c">mine</div><i></i>', shape: ['T', 1, 0] }), []);
});

test('strings: each operation, and the same markup keeps its nodes', async ({ bare, page }) => {
  await bare();
  equal(await play(page, {}, [
    [[-6, '', '<p>a</p><ul><li>1</li><li>2</li><li>3</li></ul>'], '<p>a</p><ul><li>1</li><li>2</li><li>3</li></ul>'],
    [[3, 'b'], '<p>b</p><ul><li>1</li><li>2</li><li>3</li></ul>', 1],
    [[3, [1, 0, 'c']], '<p>bc</p><ul><li>1</li><li>2</li><li>3</li></ul>', 1],
    [[-7, 2, 'class', 'x', -7, 2, 'id', ''], '<p class="x" id="">bc</p><ul><li>1</li><li>2</li><li>3</li></ul>', 2],
    [[-7, 2, 'id', null], '<p class="x">bc</p><ul><li>1</li><li>2</li><li>3</li></ul>', 1],
    [[-8, 4, 1, '<li>new</li><li>er</li>'], '<p class="x">bc</p><ul><li>1</li><li>new</li><li>er</li><li>2</li><li>3</li></ul>', 1],
    [[12, 'N'], '<p class="x">bc</p><ul><li>1</li><li>N</li><li>er</li><li>2</li><li>3</li></ul>', 1],
    [[-2, 4, 2, 2], '<p class="x">bc</p><ul><li>1</li><li>N</li><li>3</li></ul>', 2],
    [[-3, 4, 2, 0], '<p class="x">bc</p><ul><li>3</li><li>1</li><li>N</li></ul>', 2],
    [[-4, 4, 0, [2, 1, 0]], '<p class="x">bc</p><ul><li>N</li><li>1</li><li>3</li></ul>'],
    [[-5, 6, 'M'], '<p class="x">bc</p><ul><li>M</li><li>1</li><li>3</li></ul>', 1],
    [[-6, '', '<p class="x">bc</p><ul><li>M</li><li>9</li></ul>'], '<p class="x">bc</p><ul><li>M</li><li>9</li></ul>', 2],
  ]), []);
});

test('strings: what belongs to others has no numbers; attributes in name spaces, and spliced', async ({ bare, page }) => {
  await bare();
  const markup = (text) => `<div data-ignore><b>x</b></div><div data-spark="t"><i></i></div><noscript>n</noscript><template>a<b></b></template><svg><a xlink:href="#b"></a></svg><p title="abc">${text}</p>`;
  equal(await play(page, {}, [
    [[-6, '', markup('1')], markup('1')],
    [[9, '2'], markup('2'), 1],
    [[-7, 8, 'title', [1, 1, 'B'], -7, 8, 'lang', 'de'], markup('2').replace('"abc"', '"aBc" lang="de"'), 2],
    [[-7, 7, 'xlink:href', '#a'], markup('2').replace('"abc"', '"aBc" lang="de"').replace('#b', '#a'), 1],
  ]), []);
  // Of SVG it is not what its name says.
  equal(await play(page, {}, [
    [[-6, '', '<svg><noscript><a></a></noscript></svg><p>1</p>'], '<svg><noscript><a></a></noscript></svg><p>1</p>'],
    [[6, '2'], '<svg><noscript><a></a></noscript></svg><p>2</p>', 1],
  ]), []);
  const counted = await page.evaluate(async () => {
    const { root, view } = await inner.viewOf({});
    root.innerHTML = '<p>a</p><!--b-->';
    const tries = [3, 2].map((count) => {
      try {
        view.hydrate(['', count]);
        return 'fits';
      } catch {
        return 'does not';
      }
    });
    return tries;
  });
  equal(counted, ['fits', 'does not']);
});

test('an order is reached with the fewest moves, and what is pinned stays', async ({ bare, page }) => {
  await bare();
  const wrong = await page.evaluate(() => {
    const random = inner.seeded(7);
    const found = [];
    for (let round = 0; round < 300; round += 1) {
      const order = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, n) => n).sort(() => random() - 0.5);
      for (const pinned of [-1, Math.floor(random() * order.length)]) {
        const kept = [...inner.staying(order, pinned)].sort((a, b) => a - b);
        let best = 0;
        for (let set = 0; set < 1 << order.length; set += 1) {
          const run = order.filter((_, n) => (set >> n) & 1);
          if (pinned >= 0 && !((set >> pinned) & 1)) continue;
          if (run.every((value, n) => n === 0 || run[n - 1] < value)) best = Math.max(best, run.length);
        }
        const rises = kept.every((index, n) => n === 0 || order[kept[n - 1]] < order[index]);
        if (!rises || kept.length !== best || (pinned >= 0 && !kept.includes(pinned))) found.push([order, pinned, kept]);
      }
    }
    return found;
  });
  equal(wrong, []);
});
