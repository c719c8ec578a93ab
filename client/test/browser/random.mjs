// Random templates, contents and patches, each compared with a fresh build of what the page must show.

import { equal, test } from './world.mjs';

test('400 random stories of 25 patches each show what the reference says', async ({ bare, page }) => {
  await bare();
  const failures = await page.evaluate(async () => {
    const found = [];
    for (let seed = 1; seed <= 400 && found.length < 1; seed += 1) {
      const failure = await inner.story(seed, 25);
      if (failure) found.push(failure);
    }
    return found;
  });
  equal(failures, [], 'stories that went wrong');
});
