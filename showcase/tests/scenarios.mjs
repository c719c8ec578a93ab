// Plays the showcase's channels against a running server with a foreign client (the `ws` package): each on a WebSocket of
// its own, or, with `--over spark`, each on a Spark socket, where they have to do the same.
//
//     node scenarios.mjs ws://127.0.0.1:4000 --secret TEXT [--over spark] [--only PART_OF_A_NAME]
//
// The server has to have the same secret. With `--log FILE` what it logged is searched for tokens, and with
// `--program FILE` its command line is tried.
//
// Every test takes rooms of its own; `/chat`, which has no rooms, needs a server that nobody else uses meanwhile.
// That a frame is NOT sent is shown without waiting: the answer to a later ping is the next frame.

import { run } from './scenarios/world.mjs';
import './scenarios/chat-room.mjs';
import './scenarios/limits.mjs';
import './scenarios/chat.mjs';
import './scenarios/rooms.mjs';
import './scenarios/private.mjs';
import './scenarios/revoke.mjs';
import './scenarios/managed.mjs';
import './scenarios/notifications.mjs';
import './scenarios/game.mjs';
import './scenarios/presence.mjs';
import './scenarios/echo.mjs';
import './scenarios/http.mjs';
import './scenarios/command.mjs';

process.exitCode = (await run()) ? 0 : 1;
