// The browsers that pages are tried in: Chromium, and a Firefox as it is distributed, spoken to by WebDriver BiDi.

import { chromium, firefox } from 'playwright-core';

/** Starts a browser by its name. */
export function launch(name = 'chromium') {
  if (name === 'firefox') return firefox.launch({ channel: 'moz-firefox', executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr' });
  if (name !== 'chromium') throw new Error(`${name} is neither chromium nor firefox`);
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
}
