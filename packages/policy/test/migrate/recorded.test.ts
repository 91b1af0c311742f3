import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Dialect, migrate, strict, upstream } from '../../src/index.js';
import { type TestService, testMesh } from './mesh.js';

const folder = new URL('../../../../../shared/recorded/legacy/', import.meta.url);
const missing = !existsSync(folder);

interface Query {
  readonly gate: string;
  readonly destination: {
    readonly host: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly serviceAccount: string;
    readonly ip: string;
    readonly port: number;
  };
}

/** The destinations that were asked, as services with one pod each. */
function servicesOf(queries: readonly Query[]): readonly TestService[] {
  const byHost = new Map<string, Query[]>();
  for (const query of queries) byHost.set(query.destination.host, [...(byHost.get(query.destination.host) ?? []), query]);
  return [...byHost.values()].flatMap((asked) => {
    const [{ destination }] = asked as [Query, ...Query[]];
    const [name = '', namespace = ''] = destination.host.split('.');
    if (namespace !== destination.namespace) return [];
    const ports = new Map(
      asked.map(({ gate, destination: { port } }) => [port, gate === 'sidecar-tcp' ? ('tcp' as const) : ('http' as const)]),
    );
    const serviceAccount = /\/sa\/([-a-z0-9]+)$/.exec(destination.serviceAccount)?.[1] ?? 'default';
    return [
      {
        name,
        namespace,
        ports: [...ports].map(([port, protocol]) => ({ port, protocol })),
        pods: [{ name: `${name}-1`, labels: destination.labels, serviceAccount, ip: destination.ip }],
      },
    ];
  });
}

function outcome(file: string, dialect: Dialect, waypoint: boolean): string {
  const { manifests, meshConfig, queries } = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
  const tokens = {
    issuers: ['issuer@foo.example', 'https://accounts.example'],
    lists: ['groups', 'role', 'sub', 'aud', 'email', 'scp', 'roles', 'group'],
  };
  const sources = [
    { path: file, text: manifests },
    { path: 'mesh.yaml', text: testMesh(servicesOf(queries), { waypoint, tokens }) },
    ...(meshConfig === undefined ? [] : [{ path: 'meshconfig.json', text: JSON.stringify(meshConfig) }]),
  ];
  const { ok, diagnostics, proofs, text } = migrate(sources, dialect, 400);
  const differing = proofs.find(({ difference }) => difference !== undefined);
  if (differing !== undefined) throw new Error(`${file} (${dialect.name}): ${JSON.stringify(differing, null, 1)}\n${text}`);
  const error = diagnostics.find(({ severity }) => severity === 'error');
  if (error !== undefined) return error.kind === 'invalid' ? 'invalid' : error.code;
  expect(ok).toBe(true);
  return text === '' ? 'nothing to do' : 'migrated';
}

describe.skipIf(missing)(`the recorded meshes of the older generation${missing ? ' (not beside this checkout)' : ''}`, () => {
  it.each([
    { dialect: strict, name: 'strict', waypoint: true, step: 2 },
    { dialect: strict, name: 'strict', waypoint: false, step: 5 },
    { dialect: upstream, name: 'upstream', waypoint: true, step: 2 },
    { dialect: upstream, name: 'upstream', waypoint: false, step: 5 },
  ])('migrate in $name, waypoints: $waypoint, without a difference, or are refused by name', ({ dialect, waypoint, step }) => {
    const counts = new Map<string, number>();
    for (const file of readdirSync(folder).filter((_, index) => index % step === 0)) {
      const result = outcome(file, dialect, waypoint);
      counts.set(result, (counts.get(result) ?? 0) + 1);
    }
    const shown = JSON.stringify(Object.fromEntries(counts));
    expect(counts.get('migrated') ?? 0, shown).toBeGreaterThan(20);
    expect(counts.get('migrate-attribute') ?? 0, shown).toBeGreaterThan(0);
  });
});
