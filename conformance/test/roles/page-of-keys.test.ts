import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type PageKey, pageOfKeys } from './page-of-keys.js';
import { httpKeys, type KeyUnderTest, tcpKeys } from './roles-mesh.js';

const root = new URL('../../../', import.meta.url);

/** The keys that a role or binding under test is written with, and in which of the two. */
function writes({ key, table }: PageKey, tested: KeyUnderTest): boolean {
  const rule = typeof tested.rule === 'function' ? tested.rule(1) : tested.rule;
  const { constraints = [] } = (rule ?? {}) as { constraints?: readonly { key: string }[] };
  const { properties = {} } = (tested.subject ?? {}) as { properties?: Readonly<Record<string, string>> };
  const written = table === 'constraints' ? constraints.map((each) => each.key) : Object.keys(properties);
  return written.some((each) => each.split('[')[0] === key.split('[')[0]);
}

function effects(row: PageKey, keys: readonly KeyUnderTest[]): string[] {
  return [...new Set(keys.filter((tested) => writes(row, tested)).map((tested) => tested.expect))].sort();
}

describe('every key of the page decides over real sockets', () => {
  it.each(pageOfKeys.map((row) => [row.table, row.key, row] as const))('%s: %s', (_table, _key, row) => {
    if (row.test !== undefined) {
      expect(readFileSync(new URL(row.test.file, root), 'utf8')).toContain(row.test.title);
      return;
    }
    expect(effects(row, httpKeys), 'at an HTTP waypoint').toEqual(['allow', 'deny']);
    // What is not for TCP grants nothing there.
    expect(effects(row, tcpKeys), 'at a TCP waypoint').toEqual(row.tcp ? ['allow', 'deny'] : ['deny']);
  });
});
