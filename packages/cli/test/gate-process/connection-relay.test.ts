import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConnectionBoard } from '../../src/gate-process/connection-board.js';
import { ConnectionRelay } from '../../src/gate-process/connection-relay.js';

let fd: number;
let relay: ConnectionRelay;
let workers: ChildProcess[];

/** Starts a worker with the part that its slot has; resolves with the port that it listens on, if it does. */
async function start(slot: number, kind: 'accepts' | 'takes' | 'idle'): Promise<number> {
  const worker = fork(fileURLToPath(new URL('share-worker.mjs', import.meta.url)), [String(slot), kind], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', fd],
  });
  workers.push(worker);
  relay.add(slot, worker);
  const [{ port }] = await once(worker, 'message');
  return port;
}

async function ask(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  // All of it is there before anybody reads.
  socket.end('hello');
  return text(socket);
}

beforeEach(() => {
  fd = ConnectionBoard.openFile();
  relay = new ConnectionRelay(new ConnectionBoard(fd, 2));
  workers = [];
});
afterEach(async () => {
  for (const worker of workers.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    worker.kill();
    await once(worker, 'exit');
  }
  closeSync(fd);
});

describe('a worker that is far ahead', () => {
  test('passes connections on, with all their bytes', async () => {
    const port = await start(0, 'accepts');
    await start(1, 'takes');
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(port)));
    expect(answers).toEqual(Array.from({ length: 10 }, () => '1 hello'));
  });

  test('serves them itself where the other takes nothing', async () => {
    const port = await start(0, 'accepts');
    await start(1, 'idle');
    expect(await ask(port)).toBe('0 hello');
  });

  test('gets them back from one that has not opened that listener', async () => {
    const port = await start(0, 'accepts');
    await start(1, 'idle');
    new ConnectionBoard(fd, 2).write(1, 0);
    expect(await ask(port)).toBe('0 hello');
    // It went there and came back: the other one is now said to have one more.
    expect(new ConnectionBoard(fd, 2).fewest()).toEqual({ slot: 1, count: 1 });
  });

  test('gets them back where the other one has died', async () => {
    const port = await start(0, 'accepts');
    await start(1, 'takes');
    const died = workers[1];
    died?.kill('SIGKILL');
    if (died !== undefined) await once(died, 'exit');
    new ConnectionBoard(fd, 2).write(1, 0);
    expect(await ask(port)).toBe('0 hello');
  });
});

describe('a board', () => {
  test('tells each process what the others have', () => {
    const [one, other] = [new ConnectionBoard(fd, 3), new ConnectionBoard(fd, 3)];
    one.write(0, 3);
    other.write(1, 1);
    one.write(2, 2);
    expect(other.fewest()).toEqual({ slot: 1, count: 1 });
    other.write(1, 4);
    expect(one.fewest()).toEqual({ slot: 2, count: 2 });
  });

  test('that cannot be written is as it was', () => {
    const full = openSync('/dev/full', 'r+');
    const board = new ConnectionBoard(full, 2);
    board.write(0, 5);
    expect(board.fewest()).toEqual({ slot: 0, count: 0 });
    closeSync(full);
  });
});
