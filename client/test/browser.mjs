// Plays the component half of the client in Chromium (or with BROWSER=firefox in Firefox), against a server that the tests script;
// strings.mjs against a real one, which has to be built before: cargo build --release -p lazuli-std --example strings
//
//     node test/browser.mjs [PART_OF_A_NAME]

import { run } from './browser/world.mjs';
import './browser/pages.mjs';
import './browser/patches.mjs';
import './browser/random.mjs';
import './browser/speed.mjs';
import './browser/strings.mjs';

process.exitCode = (await run(process.argv[2])) ? 0 : 1;
process.exit();
