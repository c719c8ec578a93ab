// The command line, and the log: tokens are printed, and nowhere else.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { check, equal, eventually, option } from '../lib.mjs';
import { connect, freshRoom, inSeconds, ownTest, secret, slowTest, token, tokens } from './world.mjs';

const program = option('program');
const log = option('log');

async function run(...args) {
  const { stdout, stderr, code = 0 } = await promisify(execFile)(program, args).catch((failed) => failed);
  return { stdout: stdout.trim(), stderr: stderr.trim(), code };
}

if (program) {
  ownTest('--print-token: the token lets its user into its channels, and into no other', async () => {
    const [one, two] = [freshRoom(), freshRoom()];
    const { stdout: printed, code } = await run('--print-token', 'ada', '--channels', `${one}, ${two}`, '--secret', secret);
    equal(code, 0, 'the exit code');
    tokens.push(printed);
    for (const channel of [one, two]) {
      await (await connect(`/private/${channel}?token=${printed}`)).gets({ type: 'authenticated', user_id: 'ada' });
    }
    await (await connect(`/private/${freshRoom()}?token=${printed}`)).closesWith(1008, 'Access denied');
  });

  ownTest('--print-token: it holds for --expires seconds, an hour unless said otherwise', async () => {
    for (const [args, seconds] of [[[], 3_600], [['--expires', '7'], 7]]) {
      const { stdout } = await run('--print-token', 'ada', '--secret', secret, ...args);
      const { exp, ...claims } = JSON.parse(Buffer.from(stdout.split('.')[1], 'base64url'));
      check(Math.abs(exp - inSeconds(seconds)) < 60, 'exp', `in ${seconds} s`, exp - inSeconds(0));
      equal([claims.user_id, claims.channels, claims.iss], ['ada', [], 'lazuli-showcase'], 'the claims');
    }
  });

  for (const [what, args, says] of [
    ['--print-token without --secret', ['--print-token', 'ada'], /needs --secret TEXT/],
    ['--print-token with an empty secret', ['--print-token', 'ada', '--secret', ''], /needs --secret TEXT/],
    ['--print-token without a user', ['--print-token'], /print-token/],
    ['--channels without --print-token', ['--channels', 'a'], /--print-token USER prints one/],
    ['--expires with words', ['--print-token', 'ada', '--secret', 'x', '--expires', 'soon'], /soon/],
  ]) {
    ownTest(`${what}: an error that says so`, async () => {
      const { stdout, stderr, code } = await run(...args);
      equal([stdout, code], ['', 1], 'the output and the exit code');
      check(says.test(stderr), 'the error', String(says), stderr);
    });
  }
}

if (log) {
  // Played after all that is not slow, and these are most of the tokens.
  slowTest('a token is in no log', async () => {
    const mark = freshRoom();
    const shown = token({ channels: [] });
    for (const client of [await connect(`/private/${mark}?token=${shown}`), await connect(`/private/${mark}?token=wrong.${shown}`)]) {
      await client.closesWith(1008);
    }
    await connect(`/nowhere/${mark}?token=${shown}`).catch(() => {});
    let text;
    await eventually(async () => {
      text = await readFile(log, 'utf8');
      return { done: text.includes(`/nowhere/${mark}`), expected: `/nowhere/${mark}`, seen: 'not in the log' };
    }, 'a refusal in the log');
    check(tokens.length > 20, 'the tokens that were shown', 'many', tokens.length);
    for (const each of tokens) {
      const parts = each.split('.').slice(1).filter((part) => part.length > 8);
      for (const part of parts) check(!text.includes(part), 'the log', 'no token in it', `a part of ${each}`);
    }
    check(!text.includes(secret), 'the log', 'no secret in it', 'the secret');
  });
}
