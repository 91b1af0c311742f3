import { describe, expect, it } from 'vitest';
import { bindZtunnel } from '../../src/bind/bind-ztunnel.js';
import type { Dialect } from '../../src/resource/dialect.js';
import { strict, upstream } from '../../src/resource/dialect.js';
import { documents, inventoryOf, namespace, pod, workload } from '../inventory/manifests.js';

interface Peer {
  readonly name?: string;
  readonly ns?: string;
  readonly selector?: object;
  readonly mode?: string;
  readonly ports?: Readonly<Record<number, string>>;
  readonly created?: string;
}

function peer({ name = 'pa', ns = 'shop', selector, mode, ports, created }: Peer): string {
  const portLevelMtls = ports && Object.fromEntries(Object.entries(ports).map(([port, portMode]) => [port, { mode: portMode }]));
  return JSON.stringify({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name, namespace: ns, creationTimestamp: created },
    spec: { selector, mtls: mode && { mode }, portLevelMtls },
  });
}

/** `MODE` and the ports that differ from it, `MODE 8080=MODE`. */
function effective(dialect: Dialect, ...peers: readonly Peer[]): string {
  const inventory = inventoryOf(documents(namespace('shop'), pod('web'), ...peers.map(peer)), dialect);
  const { mode, ports } = bindZtunnel(inventory, workload(inventory, 'shop/web')).mtls;
  return [mode, ...[...ports].map(([port, entry]) => `${port}=${entry.mode}`)].join(' ');
}

const web = { selector: { matchLabels: { app: 'web' } } };
const meshWide = { ns: 'istio-system', name: 'mesh' };

/** Reference section 7.9; `upstream` only where it differs. */
const rows: readonly [title: string, peers: Peer[], strict: string, upstream?: string][] = [
  ['nothing is permissive', [], 'PERMISSIVE'],
  ['a mesh-wide STRICT', [{ ...meshWide, mode: 'STRICT' }], 'STRICT'],
  ['a STRICT namespace', [{ mode: 'STRICT' }], 'STRICT'],
  ['a STRICT workload', [{ ...web, mode: 'STRICT' }], 'STRICT'],
  ['a STRICT workload elsewhere', [{ selector: { matchLabels: { app: 'db' } }, mode: 'STRICT' }], 'PERMISSIVE'],
  ['another namespace', [{ ns: 'other', mode: 'STRICT' }], 'PERMISSIVE'],
  ['the namespace over the mesh', [{ ...meshWide, mode: 'STRICT' }, { mode: 'PERMISSIVE' }], 'PERMISSIVE'],
  [
    'the workload over the namespace',
    [
      { name: 'a', mode: 'STRICT' },
      { name: 'b', ...web, mode: 'DISABLE' },
    ],
    'PERMISSIVE',
  ],
  ['UNSET, which inherits', [{ ...meshWide, mode: 'STRICT' }, { mode: 'UNSET' }, { name: 'b', ...web }], 'STRICT'],
  ['an empty selector, which is the namespace', [{ selector: {}, mode: 'STRICT' }], 'STRICT'],
  [
    'the oldest of a scope',
    [
      { name: 'a', mode: 'STRICT', created: '2024-02-01T00:00:00Z' },
      { name: 'b', mode: 'PERMISSIVE', created: '2024-01-01T00:00:00Z' },
    ],
    'PERMISSIVE',
  ],
  [
    'the stricter of two equally old',
    [
      { name: 'a', mode: 'PERMISSIVE' },
      { name: 'b', mode: 'STRICT' },
    ],
    'STRICT',
  ],
  [
    'of two equally old the port that one closes',
    [
      { name: 'a', ...web, mode: 'PERMISSIVE' },
      { name: 'b', ...web, mode: 'PERMISSIVE', ports: { 8080: 'STRICT' } },
    ],
    'PERMISSIVE 8080=STRICT',
    'PERMISSIVE',
  ],
  [
    'of two equally old no port that only one opens',
    [
      { name: 'a', ...web, mode: 'STRICT', ports: { 8080: 'PERMISSIVE', 8081: 'PERMISSIVE' } },
      { name: 'b', ...web, mode: 'STRICT', ports: { 8081: 'DISABLE' } },
    ],
    'STRICT 8081=PERMISSIVE',
    'STRICT 8080=PERMISSIVE 8081=PERMISSIVE',
  ],
  [
    'of two equally old the one that inherits STRICT',
    [
      { ...meshWide, mode: 'STRICT' },
      { name: 'a', mode: 'PERMISSIVE' },
      { name: 'b', mode: 'UNSET' },
    ],
    'STRICT',
  ],
  [
    'a STRICT port of a permissive workload',
    [{ ...web, mode: 'PERMISSIVE', ports: { 8080: 'STRICT' } }],
    'PERMISSIVE 8080=STRICT',
  ],
  [
    'a permissive port of a STRICT workload',
    [{ ...web, mode: 'STRICT', ports: { 8080: 'PERMISSIVE', 8081: 'DISABLE' } }],
    'STRICT 8080=PERMISSIVE 8081=PERMISSIVE',
  ],
  [
    'a permissive port under a STRICT namespace',
    [
      { name: 'a', mode: 'STRICT' },
      { ...web, ports: { 8080: 'PERMISSIVE' } },
    ],
    'STRICT 8080=PERMISSIVE',
  ],
  ['oddity a: a selector in the root namespace', [{ ...meshWide, ...web, mode: 'STRICT' }], 'STRICT', 'PERMISSIVE'],
  [
    'a selector in the root namespace never opens',
    [
      { name: 'a', mode: 'STRICT' },
      { ...meshWide, ...web, mode: 'PERMISSIVE', ports: { 8080: 'DISABLE' } },
    ],
    'STRICT',
  ],
  [
    'the port of a selector in the root namespace',
    [{ ...meshWide, ...web, ports: { 8080: 'STRICT' } }],
    'PERMISSIVE 8080=STRICT',
    'PERMISSIVE',
  ],
  [
    'oddity b: a lone DISABLE port under a STRICT namespace',
    [
      { name: 'a', mode: 'STRICT' },
      { ...web, ports: { 8080: 'DISABLE' } },
    ],
    'STRICT 8080=PERMISSIVE',
    'STRICT',
  ],
  [
    'oddity c: a STRICT port of a permissive workload in a STRICT mesh',
    [
      { ...meshWide, mode: 'STRICT' },
      { ...web, mode: 'PERMISSIVE', ports: { 8080: 'STRICT' } },
    ],
    'PERMISSIVE 8080=STRICT',
    'PERMISSIVE',
  ],
  [
    'oddity c does not occur below a namespace that says something',
    [
      { ...meshWide, mode: 'STRICT' },
      { name: 'a', mode: 'PERMISSIVE' },
      { ...web, mode: 'PERMISSIVE', ports: { 8080: 'STRICT' } },
    ],
    'PERMISSIVE 8080=STRICT',
  ],
];

describe('effective mutual TLS with', () => {
  it.each(rows)('%s', (_, peers, inStrict, inUpstream = inStrict) => {
    expect(effective(strict, ...peers)).toBe(inStrict);
    expect(effective(upstream, ...peers)).toBe(inUpstream);
  });
});
