import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const listener = fileURLToPath(new URL('../../dist/socket/tcp-listener.js', import.meta.url));

/** A listener in a process that may have few files open: `full` takes all that are left, `free` gives them back. */
const program = `
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { listenTcp } from ${JSON.stringify(listener)};
let ended;
const onConnection = (socket) => {
  ended = once(socket, 'close');
  socket.end('served');
};
const { port } = await listenTcp({ address: '127.0.0.1', port: 0, onConnection });
const taken = [];
createInterface({ input: process.stdin }).on('line', async (line) => {
  await ended;
  if (line === 'full') try { for (;;) taken.push(openSync('/dev/null')); } catch {}
  if (line === 'free') for (const fd of taken.splice(0)) closeSync(fd);
  console.log(line);
});
console.log(port);
`;

it.skipIf(process.platform === 'win32')(
  'a listener outlives a process without a file to spare, and serves again after',
  async () => {
    const child = spawn('/bin/sh', ['-c', 'ulimit -n 64 && exec "$0" --input-type=module -e "$1"', process.execPath, program]);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const say = async (line: string) => {
      child.stdin.write(`${line}\n`);
      expect((await lines.next()).value).toBe(line);
    };
    const port = Number((await lines.next()).value);
    const answer = async (): Promise<string> => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket
        .on('error', () => undefined)
        .on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
      socket.setTimeout(300, () => socket.destroy());
      await once(socket, 'close');
      return text;
    };
    try {
      expect(await answer()).toBe('served');
      await say('full');
      expect(new Set(await Promise.all(Array.from({ length: 20 }, answer)))).toEqual(new Set(['']));
      await say('free');
      await expect.poll(answer).toBe('served');
      expect(child.exitCode).toBeNull();
    } finally {
      child.kill();
    }
  },
);
