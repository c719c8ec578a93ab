// Plays the showcase's pages in a real browser (Chromium or Firefox, through playwright-core) against a server that it starts itself.
//
//     node browser.mjs --server "target/release/showcase --addr 127.0.0.1:PORT" [--shots DIR] [--browser firefox]
//                      [--inert COMMAND] [--only PART_OF_A_NAME] [--share 1/2]
//
// PORT stands for a free port, the same at each start: the tests stop the server and start it again.
// `--inert` is the example of that name, which shows hostile texts; unless given, the one that a release build makes.
// `--share 2/3` plays the second of three equal shares, for as many processes at once.
// `--shots` keeps screenshots of the pages: light, dark, on a phone, offline.

import { run } from './browser/world.mjs';
import './browser/talk.mjs';
import './browser/typing.mjs';
import './browser/offline.mjs';
import './browser/looks.mjs';
import './browser/spark.mjs';
import './browser/live.mjs';
import './browser/users.mjs';
import './browser/table.mjs';
import './browser/chat_room.mjs';
import './browser/dashboard.mjs';
import './browser/editor.mjs';
import './browser/access.mjs';
import './browser/inert.mjs';

process.exitCode = (await run()) ? 0 : 1;
