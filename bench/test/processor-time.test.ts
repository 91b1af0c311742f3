import { expect, it } from 'vitest';
import { processorTime } from '../src/wire/processor-time.js';

const path = (...pids: number[]) =>
  ({
    name: 'sallyport',
    connection: { host: '127.0.0.1', port: 1 },
    gates: pids.map((pid) => ({ name: 'gate', pid })),
  }) as const;

it.runIf(process.platform === 'linux')('the processor time of gates is what the system counts for their processes', async () => {
  const before = (await processorTime(path(process.pid))) ?? Number.NaN;
  const { user, system } = process.cpuUsage();
  expect(Math.abs(before - user - system)).toBeLessThan(100_000);
  for (const end = before + 50_000; ((await processorTime(path(process.pid))) ?? 0) < end; );
  const both = (await processorTime(path(process.pid, process.pid))) ?? Number.NaN;
  expect(both).toBeGreaterThanOrEqual(2 * (before + 50_000));
});

it('is unknown where there is no gate, or it has ended', async () => {
  expect(await processorTime(path())).toBeUndefined();
  expect(await processorTime(path(2 ** 30))).toBeUndefined();
});
