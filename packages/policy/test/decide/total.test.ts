import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ConnectionAttributes,
  connectionDecider,
  forwardedPath,
  isPermit,
  type RequestAttributes,
  strict,
  upstream,
} from '../../src/index.js';
import { connection, gateWith, l7Decider, request, type Spec } from '../reference/mesh.js';

// Every rule negates something, so that an attribute that got lost would open the gate.
const open: readonly Spec[] = [
  {
    rules: [
      { from: [{ source: { notPrincipals: ['x'], notIpBlocks: ['1.1.1.1'], notRemoteIpBlocks: ['1.1.1.1'] } }] },
      { to: [{ operation: { notPaths: ['/x'], notHosts: ['x'], notMethods: ['x'], notPorts: ['1'] } }] },
      {},
    ],
  },
];

const throwing = new Proxy(
  {},
  {
    get() {
      throw new Error('do not look');
    },
  },
);

/** What is no string, and no list of headers. */
const nonsense: fc.Arbitrary<unknown> = fc.constantFrom(
  undefined,
  null,
  0,
  3.5,
  Number.NaN,
  {},
  Symbol('s'),
  throwing,
  () => 'x',
);
/** Strings that are no address and no identity. */
const notRead = fc.constantFrom(
  '',
  ' ',
  '-',
  '1.2.3',
  '999.1.1.1',
  '::1::',
  'fe80::1%eth0',
  '10.0.0.1/8',
  'web',
  '\ud800',
  '\u0000',
);
/** Strings that are no part of a request. */
const notSent = fc.constantFrom('', ' ', '\ud800', '\u0000', '\u0100', 'a\nb', 'a b');

describe('deciders', () => {
  it.each(['identity', 'sourceIp', 'destinationIp', 'destinationPort'] as const)(
    'deny, and never throw, for a %s that is none',
    (name) => {
      for (const dialect of [strict, upstream]) {
        const { inventory, binding } = gateWith('ztunnel', [{ rules: [{}] }], { dialect });
        const decider = connectionDecider(inventory, binding);
        const l7 = l7Decider('waypoint', open, { dialect });
        fc.assert(
          fc.property(fc.oneof(nonsense, notRead), (value) => {
            // Zero is a port, and no identity at all is plaintext.
            fc.pre(!(name === 'destinationPort' && value === 0) && !(name === 'identity' && value === undefined));
            const bad = { ...connection(), [name]: value } as ConnectionAttributes;
            for (const verdict of [decider.connection(bad), l7.connection(bad), l7.request(bad, request())]) {
              expect(verdict.effect).toBe('deny');
              // A value that is not even of its type makes the reader of it fail.
              expect(['unreadable-attribute', 'internal-error']).toContain(verdict.reason);
            }
          }),
        );
      }
    },
  );

  it.each(['method', 'path', 'authority', 'headers', 'httpVersion'] as const)(
    'deny, and never throw, for a %s that is none',
    (name) => {
      const decider = l7Decider('waypoint', open);
      fc.assert(
        fc.property(fc.oneof(nonsense, notSent), (value) => {
          const verdict = decider.request(connection(), { ...request(), [name]: value } as RequestAttributes);
          expect(verdict.effect).toBe('deny');
          expect(['bad-request', 'internal-error']).toContain(verdict.reason);
        }),
      );
    },
  );

  it('deny for headers that are no pairs of strings', () => {
    const decider = l7Decider('waypoint', open);
    fc.assert(
      fc.property(nonsense, (value) => {
        for (const line of [value, [value, 'x'], ['x', value]]) {
          const headers = [line] as unknown as RequestAttributes['headers'];
          expect(decider.request(connection(), request({ headers })).effect).toBe('deny');
        }
      }),
    );
  });

  it('deny for attributes that throw when they are looked at', () => {
    for (const gate of ['ztunnel', 'waypoint', 'gateway'] as const) {
      const { inventory, binding } = gateWith(gate, open);
      expect(connectionDecider(inventory, binding).connection(throwing as ConnectionAttributes).effect).toBe('deny');
    }
    const decider = l7Decider('waypoint', open);
    expect(decider.request(connection(), throwing as RequestAttributes).effect).toBe('deny');
    expect(decider.request(throwing as ConnectionAttributes, request()).effect).toBe('deny');
  });

  it('deny for a thrown value that itself throws', () => {
    const worse = new Proxy({} as RequestAttributes, {
      get() {
        throw throwing;
      },
    });
    expect(l7Decider('waypoint', open).request(connection(), worse)).toMatchObject({ effect: 'deny', reason: 'internal-error' });
  });

  it('answer for headers of any size', () => {
    const headers = Array.from({ length: 20_000 }, (_, index) => ['x-h', `${index}`.repeat(20)] as const);
    const rule = { when: [{ key: 'request.headers[x-h]', values: ['*never'] }] };
    const decider = l7Decider('waypoint', [{ rules: [rule] }]);
    expect(decider.request(connection(), request({ headers, path: `/${'a/../'.repeat(20_000)}` }))).toMatchObject({
      effect: 'deny',
      reason: 'no-allow-match',
    });
  });

  it('answer any strings with a verdict', () => {
    const text = fc.string({ unit: 'binary' });
    const decider = l7Decider('waypoint', open);
    fc.assert(
      fc.property(text, text, text, fc.array(fc.tuple(text, text)), (method, path, authority, headers) => {
        const asked: RequestAttributes = { method, path, authority, headers, httpVersion: 2 };
        const verdict = decider.request(connection(), asked);
        return !isPermit(verdict) || forwardedPath(verdict, asked).startsWith('/');
      }),
    );
  });
});
