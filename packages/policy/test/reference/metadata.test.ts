import { describe, expect, it } from 'vitest';
import type { DynamicMetadata } from '../../src/index.js';
import { connect, connection, type RuleSpec } from './mesh.js';

const filter = 'envoy.filters.network.mysql_proxy';
const key = `experimental.${filter}[shop.orders]`;
const updates: RuleSpec = { when: [{ key, values: ['[update]'] }] };
const strict = { name: 'strict', flags: {} } as const;

const judge = (action: string, rules: readonly RuleSpec[], facts: { metadata?: DynamicMetadata; awaited?: string[] }) =>
  connect('waypoint', [{ action, rules }], connection({ destinationPort: 3306, ...facts }), { dialect: strict }).effect;
const published = (value: DynamicMetadata[string][string]) => ({ metadata: { [filter]: { 'shop.orders': value } } });

describe('what a filter published', () => {
  it('is matched as a list by a value in brackets, whichever element it is', () => {
    expect(judge('ALLOW', [updates], published(['select', 'update']))).toBe('allow');
    expect(judge('ALLOW', [updates], published(['delete']))).toBe('deny');
    expect(judge('ALLOW', [updates], published('update'))).toBe('deny');
    expect(judge('ALLOW', [{ when: [{ key, values: ['[up*]'] }] }], published(['update']))).toBe('allow');
  });

  it('is matched as a text by any other value', () => {
    const text: RuleSpec = { when: [{ key, values: ['up*'] }] };
    expect(judge('ALLOW', [text], published('update'))).toBe('allow');
    expect(judge('ALLOW', [text], published(['update']))).toBe('deny');
  });

  it('matches nothing where it is absent or of another type, and satisfies every exception', () => {
    const any: RuleSpec = { when: [{ key, values: ['[*]', '*'] }] };
    for (const value of [null, 5, true, {}, [5], []]) expect(judge('ALLOW', [any], published(value))).toBe('deny');
    expect(judge('ALLOW', [any], {})).toBe('deny');
    expect(judge('ALLOW', [{ when: [{ key, notValues: ['[delete]'] }] }], {})).toBe('allow');
  });

  it('is looked up under one name, dots and all, and never under an inherited one', () => {
    expect(judge('ALLOW', [updates], { metadata: { [filter]: { shop: { orders: ['update'] } } } })).toBe('deny');
    const inherited: RuleSpec = { when: [{ key: `experimental.${filter}[constructor]`, values: ['*'] }] };
    expect(judge('ALLOW', [inherited], { metadata: { [filter]: {} } })).toBe('deny');
  });
});

describe('a filter that has yet to publish', () => {
  const awaited = { awaited: [filter] };

  it('leaves a condition open in the favour of the connection, whether it permits or denies', () => {
    expect(judge('ALLOW', [updates], awaited)).toBe('allow');
    expect(judge('DENY', [updates], awaited)).toBe('allow');
    expect(judge('DENY', [{ when: [{ key, notValues: ['[update]'] }] }], awaited)).toBe('allow');
    expect(judge('ALLOW', [{ when: [{ key, notValues: ['[update]'] }] }], awaited)).toBe('allow');
  });

  it('leaves nothing else open: every other term has to match', () => {
    const from = { source: { principals: ['*/sa/nobody'] } };
    expect(judge('ALLOW', [{ ...updates, from: [from] }], awaited)).toBe('deny');
    const other: RuleSpec = { when: [{ key: 'experimental.envoy.filters.network.other[a]', values: ['[b]'] }] };
    expect(judge('ALLOW', [other], awaited)).toBe('deny');
  });
});
