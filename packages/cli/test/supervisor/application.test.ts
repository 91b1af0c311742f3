import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRunning } from '../../src/state/process-identity.js';
import { Application } from '../../src/supervisor/application.js';

let folder: string;
let application: Application | undefined;
let reports: string[];
let reported: () => void;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-application-'));
  reports = [];
  reported = () => undefined;
});
afterEach(async () => {
  await application?.stop(1000);
  await rm(folder, { recursive: true });
});

function run(command: string, port?: number): Application {
  application = new Application(
    {
      workload: 'default/a',
      command,
      folder,
      environment: process.env,
      host: '127.77.1.2',
      ...(port === undefined ? {} : { port }),
    },
    {
      logFile: join(folder, 'log'),
      record: async () => undefined,
      report: (detail) => {
        reports.push(detail);
        reported();
      },
    },
  );
  application.start();
  return application;
}

const listen = `${process.execPath} -e 'require("net").createServer().listen(process.env.PORT, process.env.HOST)'`;

test('is told by HOST and PORT where to listen, and runs in the folder', async () => {
  const one = run(`echo "$HOST $PORT" > told; exec ${listen}`, 18_099);
  expect(await one.listening(10_000)).toBe(true);
  expect(await readFile(join(folder, 'told'), 'utf8')).toBe('127.77.1.2 18099\n');
});

test('a command that ends is started again, and says so', async () => {
  const twice = new Promise<void>((resolve) => {
    reported = () => {
      if (reports.length === 2) resolve();
    };
  });
  run('exit 7');
  await twice;
  expect(reports).toEqual([
    'ended with exit status 7; starting it again in 100 ms',
    'ended with exit status 7; starting it again in 200 ms',
  ]);
});

test('stopping ends the whole group, what ignores the polite signal included', async () => {
  const one = run(`trap '' TERM; ${listen} & wait`, 18_098);
  expect(await one.listening(10_000)).toBe(true);
  const { leader } = one;
  await one.stop(200);
  expect(leader !== undefined && isRunning(leader)).toBe(false);
  expect(
    await new Application(one.plan, { logFile: '', record: async () => undefined, report: () => undefined }).listening(100),
  ).toBe(false);
});
