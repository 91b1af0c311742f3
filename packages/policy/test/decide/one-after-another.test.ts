import { describe, expect, it } from 'vitest';
import {
  type ConnectionAttributes,
  engines,
  type RequestAttributes,
  requestDecider,
  upstream,
  type Verdict,
} from '../../src/index.js';
import { connection, gateWith, type Options, plaintext, request, type Spec } from '../reference/mesh.js';

const header = (name: string, values: readonly string[]) => ({ when: [{ key: `request.headers[${name}]`, values }] });

/** More than one question of a header, and of two headers, one of them unlike the others. */
const specs: readonly Spec[] = [
  { action: 'DENY', rules: [header('x-a', ['bad*']), header('x-b', ['*worse', 'w{*}'])] },
  {
    rules: [{ when: [{ key: 'request.headers[x-a]', notValues: ['old*'] }] }, { to: [{ operation: { paths: ['/{*}/open'] } }] }],
  },
];

function decider(policies: readonly Spec[] = specs, options: Options = {}) {
  const { inventory, binding } = gateWith('waypoint', policies, options);
  if (binding.gate === 'ztunnel') throw new Error('a ztunnel judges no requests');
  return (['table', 'table-only', 'interpreter'] as const).map((name) => ({
    name,
    decider: requestDecider(inventory, binding, { engine: engines[name] }),
  }));
}

/** The same list, which throws, or does something else, when it is read for the n-th time. */
function tripping(headers: RequestAttributes['headers'], reads: number, trip: () => void): RequestAttributes['headers'] {
  let left = reads;
  return new Proxy(headers, {
    get(target, name) {
      if (left-- === 0) trip();
      return Reflect.get(target, name);
    },
  });
}

/** The same connection, which throws when it is read where `trips` says so. */
function trippingConnection(attributes: ConnectionAttributes, trips: () => boolean): ConnectionAttributes {
  return new Proxy(attributes, {
    get(target, name) {
      if (trips()) throw new Error('cannot be read');
      return Reflect.get(target, name);
    },
  });
}

const good = [
  ['x-a', 'new'],
  ['x-a', 'newer'],
  ['x-b', 'fine'],
] as const;
const bad = [
  ['x-a', 'old'],
  ['x-a', 'bad'],
  ['x-b', 'worse'],
] as const;
const reads = Array.from({ length: 120 }, (_, index) => index);

function short({ effect, reason }: Verdict): string {
  return `${effect} ${reason}`;
}

describe('a decider', () => {
  it('decides rightly after a decision that was thrown out of, wherever that was', () => {
    for (const { decider: each } of decider()) {
      for (const headers of [good, bad]) {
        for (const left of reads) {
          const broken = tripping(headers, left, () => {
            throw new Error('cannot be read');
          });
          each.request(connection(), request({ headers: broken }));
          expect(short(each.request(connection(), request({ headers: good })))).toBe('allow allow-policy');
          expect(short(each.request(connection(), request({ headers: bad })))).toBe('deny deny-policy');
          expect(short(each.request(connection(), request({ headers: [['x-a', 'old']] })))).toBe('deny no-allow-match');
        }
      }
    }
  });

  it('is not led astray by an attribute that asks for another decision while it is read', () => {
    for (const { decider: each } of decider()) {
      for (const [outer, inner, verdict] of [
        [bad, good, 'deny deny-policy'],
        [good, bad, 'allow allow-policy'],
      ] as const) {
        for (const left of reads) {
          const asking = tripping(outer, left, () => void each.request(connection(), request({ headers: inner })));
          expect([verdict, 'deny internal-error']).toContain(short(each.request(connection(), request({ headers: asking }))));
        }
      }
    }
  });

  it('is not led astray by a connection that asks for another decision, or throws, while it is read', () => {
    const listed = (name: string) => `spiffe://cluster.local/ns/shop/sa/${name}`;
    const principals = Array.from({ length: 20 }, (_, index) => `cluster.local/ns/shop/sa/friend-${index}`);
    const rules = principals.map((principal) => ({ from: [{ source: { principals: [principal] } }] }));
    const friend = connection({ identity: listed('friend-7') });
    const stranger = connection({ identity: listed('stranger') });
    for (const { decider: each } of decider([{ rules }])) {
      for (const [outer, inner, verdict] of [
        [friend, stranger, 'allow allow-policy'],
        [stranger, friend, 'deny no-allow-match'],
      ] as const) {
        for (const left of reads.slice(0, 80)) {
          for (const throws of [true, false]) {
            let count = left;
            // The same connection several times, as it is kept from the second time on; what is asked meanwhile is about it as well.
            const nested = trippingConnection(inner, () => count === 0 && throws);
            const asking = trippingConnection(outer, () => {
              if (count-- !== 0) return false;
              each.request(nested, request());
              each.request(inner, request());
              count = -1;
              return throws;
            });
            for (let round = 0; round < 3; round++) {
              expect([verdict, 'deny internal-error']).toContain(short(each.request(asking, request())));
            }
            expect(short(each.request(outer, request()))).toBe(verdict);
          }
        }
      }
    }
  });

  it('leaves one decision its facts where another throws that began in the middle of it', () => {
    const stranger = connection({ identity: 'spiffe://cluster.local/ns/shop/sa/stranger' });
    const policies: readonly Spec[] = [
      { action: 'DENY', rules: [header('x-a', ['old'])] },
      { rules: [{ from: [{ source: { principals: ['*/sa/stranger'] } }] }] },
    ];
    for (const { decider: each } of decider(policies)) {
      for (const outerReads of reads.slice(0, 40)) {
        for (const innerReads of reads.slice(0, 25)) {
          let count = -1;
          const throwing = trippingConnection(stranger, () => count-- === 0);
          each.request(throwing, request());
          const asking = tripping([['x-a', 'new']], outerReads, () => {
            count = innerReads;
            each.request(throwing, request());
            count = -1;
          });
          expect(short(each.request(connection(), request({ headers: asking })))).toMatch(/^deny /);
        }
      }
    }
  });

  it('denies where a connection throws in the middle, and decides rightly after it', () => {
    const rules = [{ from: [{ source: { notPrincipals: ['x'] } }] }];
    for (const { decider: each } of decider([{ rules }])) {
      const broken = new Proxy(connection(), {
        get() {
          throw new Error('cannot be read');
        },
      }) as ConnectionAttributes;
      expect(short(each.request(broken, request()))).toBe('deny internal-error');
      expect(short(each.request(connection(), request()))).toBe('allow allow-policy');
    }
  });
});

describe('a verdict', () => {
  it("is nobody else's to change, as the next request may get the same object", () => {
    for (const { name, decider: each } of decider([{ action: 'DENY', rules: [{}] }])) {
      if (name === 'interpreter') continue;
      for (const ask of [() => each.request(connection(), request()), () => each.connection(connection())]) {
        const first: { effect: string } = ask();
        expect(() => {
          first.effect = 'allow';
        }).toThrow(TypeError);
        expect(ask().effect).toBe('deny');
      }
    }
  });
});

describe('an identity that has not the SPIFFE form', () => {
  it('is asked about by each field as that field reads it, though all ask the same of identities that have', () => {
    // Upstream's waypoint takes a peer without identity for one that is called `-` (reference section 0.5).
    const policies: readonly Spec[] = [
      { action: 'DENY', rules: [{ from: [{ source: { trustDomains: ['*'] } }] }] },
      { rules: [{ from: [{ source: { principals: ['*'] } }] }] },
    ];
    for (const order of [policies, [...policies].reverse()]) {
      for (const { name, decider: each } of decider(order, { dialect: upstream })) {
        expect([name, short(each.request(plaintext(), request()))]).toEqual([name, 'allow allow-policy']);
      }
    }
  });
});
