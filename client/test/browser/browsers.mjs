// The browsers that tests and benchmarks run in: Chromium, or a Firefox as it is distributed, spoken to by WebDriver BiDi.

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Starts a browser by its name. `playwright` is the caller's, since each folder installs its own.
 *  What Firefox can be told by nobody later: the colours that are preferred, whether motion is welcome, and whether scripts run. */
export function launch(playwright, name = 'chromium', { path, dark = false, still = false, script = true } = {}) {
  if (name === 'chromium') return playwright.chromium.launch({ executablePath: path ?? process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });
  if (name !== 'firefox') throw new Error(`"${name}" is neither chromium nor firefox`);
  return playwright.firefox.launch({
    channel: 'moz-firefox',
    executablePath: path ?? process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    firefoxUserPrefs: { 'layout.css.prefers-color-scheme.content-override': dark ? 0 : 1, 'ui.prefersReducedMotion': still ? 1 : 0, 'javascript.enabled': script },
  });
}
