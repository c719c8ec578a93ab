// Plays the showcase's WebSocket paths against a running server with a foreign client (the `ws` package).
//
//     node scenarios.mjs ws://127.0.0.1:4000 [--only PART_OF_A_NAME]
//
// Every test takes rooms of its own; `/chat`, which has no rooms, needs a server that nobody else uses meanwhile.
// That a frame is NOT sent is shown without waiting: the answer to a later ping is the next frame.

import { run } from './scenarios/world.mjs';
import './scenarios/chat-room.mjs';
import './scenarios/limits.mjs';
import './scenarios/chat.mjs';
import './scenarios/rooms.mjs';
import './scenarios/echo.mjs';
import './scenarios/http.mjs';

process.exitCode = (await run()) ? 0 : 1;
