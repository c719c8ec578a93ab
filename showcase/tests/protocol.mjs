// Replays the examples of docs/protocol.md, each on a socket of its own:
//
//     node protocol.mjs ws://127.0.0.1:4000
//
// `>` is sent; `<` has to be the next frame. "…" stands for any value. Hexadecimal digits are a binary frame. The server
// has to be one that nobody else uses meanwhile, because the examples count who is in a room.

import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Client, Failure, Runner, equal, option, within } from './lib.mjs';

const url = `${process.argv[2].replace(/\/$/, '')}/spark`;
const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

const isHex = (text) => /^[0-9a-f ]+$/.test(text);
const bytes = (text) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Whether a value is what an example shows. */
function fits(seen, shown) {
  if (shown === '…') return seen !== undefined;
  if (typeof shown !== 'object' || shown === null) return isDeepStrictEqual(seen, shown);
  if (typeof seen !== 'object' || seen === null || Array.isArray(seen) !== Array.isArray(shown)) return false;
  const keys = Object.keys(shown);
  return Object.keys(seen).length === keys.length && keys.every((key) => Object.hasOwn(seen, key) && fits(seen[key], shown[key]));
}

async function comes(client, shown) {
  const seen = await client.next(shown);
  if (isHex(shown)) return equal(seen, bytes(shown), 'the frame');
  const value = typeof seen === 'string' ? JSON.parse(seen) : seen;
  if (!fits(value, JSON.parse(shown))) throw new Failure('the frame', JSON.parse(shown), value);
  return undefined;
}

const runner = new Runner();
const blocks = [...page.matchAll(/^```spark\n(.*?)^```/gms)];
for (const block of blocks) {
  const line = page.slice(0, block.index).split('\n').length;
  const lines = block[1].trimEnd().split('\n');
  runner.test(`docs/protocol.md:${line}: ${lines.length} lines`, async () => {
    const client = await Client.open(url);
    for (const each of lines) {
      const [direction, frame] = [each.slice(0, 2), each.slice(2)];
      if (direction === '> ') client.send(isHex(frame) ? bytes(frame) : frame);
      else if (direction === '< ') await comes(client, frame);
      else throw new Failure('a line of an example', '> or <', each);
    }
    client.send({ type: 'ping', ref: 4294967295 });
    await client.gets({ type: 'pong', ref: 4294967295 }, 'nothing more');
    await client.leave();
  });
}
runner.test('docs/protocol.md has examples, and all were found', async () => equal([blocks.length > 0, blocks.length], [true, page.split('```spark').length - 1], 'how many were played'));

process.exitCode = (await within(runner.run(option('only')), 'all examples', 120_000)) ? 0 : 1;
