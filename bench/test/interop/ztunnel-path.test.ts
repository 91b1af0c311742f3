import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
// Compiled, as what they start is a program beside them.
import { LoadMaker } from '../../dist/wire/load/load-maker.js';
import { ZtunnelPath } from '../../dist/wire/path/ztunnel-path.js';
import { NetworkNamespace } from '../../src/wire/path/network-namespace.js';

const binary = process.env.SALLYPORT_ZTUNNEL;
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

describe.skipIf(process.env.SALLYPORT_ISOLATION === undefined)('a network namespace of the benchmark', () => {
  const namespaceOf = (pid: number | string) => readlinkSync(`/proc/${pid}/ns/net`);
  const inUse = (namespace: string) =>
    readdirSync('/proc').some((entry) => {
      try {
        return /^\d+$/.test(entry) && namespaceOf(entry) === namespace;
      } catch {
        // It has ended meanwhile.
        return false;
      }
    });
  const printed = async ([program = '', ...args]: readonly string[]): Promise<string> => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    for await (const chunk of child.stdout) text += chunk;
    return text.trim();
  };

  it('is another one, and is gone when it is stopped', async () => {
    const namespace = await NetworkNamespace.create();
    const name = await printed([...namespace.entry, 'readlink', '/proc/self/ns/net']);
    expect(name).toMatch(/^net:/);
    expect(name).not.toBe(namespaceOf(process.pid));
    expect(inUse(name)).toBe(true);
    await namespace.stop();
    expect(inUse(name)).toBe(false);
  });

  it('is gone, too, when the process that made it is killed', async () => {
    const module = new URL('../../dist/wire/path/network-namespace.js', import.meta.url);
    const program = `const { NetworkNamespace } = await import(${JSON.stringify(module.href)});
      console.log((await NetworkNamespace.create()).entry[1]); setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(owner.stdout, 'data');
    const name = readlinkSync(String(line).trim().replace('--net=', ''));
    owner.kill('SIGKILL');
    await expect.poll(() => inUse(name), { timeout: 60_000 }).toBe(false);
  });
});

describe.skipIf(binary === undefined)('the path through two real ztunnels (one in SALLYPORT_ZTUNNEL)', () => {
  it('carries connections to the application, and is measured as the others are', async () => {
    const path = await ZtunnelPath.start(binary ?? '', 2);
    stops.push(() => path.stop());
    const loadMaker = new LoadMaker(path.entry);
    stops.push(() => loadMaker.stop());
    const target = path.connection;
    const { rate } = await loadMaker.perform({ kind: 'throughput', target, connections: 4, milliseconds: 100 });
    expect(rate).toBeGreaterThan(0);
    expect((await loadMaker.perform({ kind: 'latency', target, milliseconds: 100 })).p50).toBeGreaterThan(0);
    expect(path.gates.map(({ name }) => name)).toEqual(['destination side', 'source side']);
  });

  it('leads nowhere but through them', async () => {
    const path = await ZtunnelPath.start(binary ?? '', 2);
    stops.push(() => path.stop());
    const outside = new LoadMaker();
    stops.push(() => outside.stop());
    await expect(outside.perform({ kind: 'latency', target: path.connection, milliseconds: 100 })).rejects.toThrow(
      'ECONNREFUSED',
    );
  });
});
