import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { identifyProcess, isRunning, signalGroup, signalProcess, waitForEnd } from '../../src/state/process-identity.js';

function sleeper(detached = false) {
  const child = spawn('/bin/sh', ['-c', 'sleep 60 & sleep 60'], { detached, stdio: 'ignore' });
  const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
  if (identity === undefined) throw new Error('no process');
  return { child, identity };
}

test('a process is itself until it ends', async () => {
  const { child, identity } = sleeper(true);
  expect(isRunning(identity)).toBe(true);
  const ended = once(child, 'exit');
  expect(signalGroup(identity, 'SIGKILL')).toBe(true);
  await ended;
  expect(isRunning(identity)).toBe(false);
  expect(await waitForEnd([identity], 1000)).toEqual([]);
});

test('a process with the same number but another start is never signalled', async () => {
  const { child, identity } = sleeper(true);
  const earlier = { ...identity, started: '1' };
  expect(isRunning(earlier)).toBe(false);
  expect(signalProcess(earlier, 'SIGKILL')).toBe(false);
  expect(signalGroup(earlier, 'SIGKILL')).toBe(false);
  expect(isRunning(identity)).toBe(true);
  const ended = once(child, 'exit');
  signalGroup(identity, 'SIGKILL');
  await ended;
});

test('a group is ended also when its leader has gone before', async () => {
  const child = spawn('/bin/sh', ['-c', 'sleep 60 & echo $!'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const leader = { pid: child.pid ?? 0, started: identifyProcess(child.pid ?? 0)?.started ?? '' };
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const member = identifyProcess(Number(line.toString()));
  await once(child, 'exit');
  if (member === undefined) throw new Error('the member has gone');
  expect(isRunning(member)).toBe(true);
  expect(signalGroup(leader, 'SIGKILL')).toBe(true);
  expect(await waitForEnd([member], 2000)).toEqual([]);
});

test('there is no process without a number', () => {
  expect(identifyProcess(2 ** 30)).toBeUndefined();
});
