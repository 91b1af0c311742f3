import { type Dialect, statuses } from '@sallyport/policy';
import type { Manifest } from '../cases/case.js';
import { inventoryOf } from '../cases/interpreter.js';
import type { Tally } from '../recorded/tally.js';
import type { StatusRow, StatusTable } from './status-table.js';

const dialects = ['strict', 'upstream'] as const;

/** Compares what is written on the object of each row, word for word, in both dialects. */
export function judgeStatus({ theme, manifests = [], rows }: StatusTable, common: readonly Manifest[], tally: Tally): void {
  for (const row of rows) {
    for (const name of dialects) {
      const expected = [...row.status, ...(name === 'strict' ? (row.strict ?? []) : [])].sort();
      const written = writtenOn(row, [...common, ...manifests], { name, flags: {} });
      tally.judge(`${theme}: ${row.title} [${name}]`, differing(expected, written, row));
    }
  }
}

function differing(expected: readonly string[], written: readonly string[], { reference }: StatusRow): string[] {
  const missing = expected.filter((text) => !written.includes(text)).map((text) => `expected ${text}`);
  const surplus = written.filter((text) => !expected.includes(text)).map((text) => `got ${text}`);
  const wrong = [...missing, ...surplus];
  return wrong.length === 0 ? [] : [...wrong, `rule: reference ${reference}`];
}

function writtenOn(row: StatusRow, common: readonly Manifest[], dialect: Dialect): string[] {
  const own = objectOf(row);
  const manifests = [...common, ...(row.manifests ?? []), own.manifest];
  const found = statuses(inventoryOf({ manifests, meshConfig: row.meshConfig ?? {} }, dialect)).find(
    ({ kind, namespace, name }) => kind === own.kind && namespace === own.namespace && name === own.name,
  );
  return (found?.conditions ?? []).map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);
}

function objectOf({ namespace = 'shop', policy, service = {} }: StatusRow): Named {
  if (policy === undefined) {
    const manifest = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace, ...service },
      spec: { ports: [{ port: 80 }] },
    };
    return { kind: 'Service', namespace, name: 's', manifest };
  }
  const manifest = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'p', namespace },
    spec: policy,
  };
  return { kind: 'AuthorizationPolicy', namespace, name: 'p', manifest };
}

interface Named {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly manifest: Manifest;
}
