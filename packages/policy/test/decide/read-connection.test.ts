import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ConnectionAttributes,
  connectionDecider,
  engines,
  type GateBinding,
  type Inventory,
  ReadConnection,
  ReadRequest,
  requestDecider,
  strict,
  upstream,
} from '../../src/index.js';
import { connection, gateWith, request, type Spec } from '../reference/mesh.js';

// Every rule negates something, so that an attribute that got lost would open the gate.
const rule = (negated: object) => [{ rules: [{ from: [{ source: negated }] }, {}] }] as const satisfies readonly Spec[];
const open = {
  ztunnel: rule({ notPrincipals: ['x'], notIpBlocks: ['1.1.1.1'] }),
  waypoint: rule({ notPrincipals: ['x'], notRemoteIpBlocks: ['1.1.1.1'] }),
  gateway: rule({ notPrincipals: ['x'], notRemoteIpBlocks: ['1.1.1.1'] }),
};
const gates = ['ztunnel', 'waypoint', 'gateway'] as const;

function decide(inventory: Inventory, binding: GateBinding, from: ConnectionAttributes) {
  const options = { engine: engines.table };
  const layer4 = connectionDecider(inventory, binding, options).connection(from);
  if (binding.gate === 'ztunnel') return [layer4];
  return [layer4, requestDecider(inventory, binding, options).request(from, new ReadRequest(request()))];
}

const throwing = new Proxy(
  {},
  {
    get() {
      throw new Error('do not look');
    },
  },
);
const nonsense: fc.Arbitrary<unknown> = fc.constantFrom(
  undefined,
  null,
  0,
  3.5,
  Number.NaN,
  {},
  [],
  Symbol('s'),
  throwing,
  () => 'x',
);
const unread = fc.constantFrom('', ' ', '-', '1.2.3', '999.1.1.1', '::1::', 'fe80::1%eth0', '10.0.0.1/8', 'web', '\ud800', '\0');

describe('a connection that was read when it was accepted', () => {
  it.each(['identity', 'sourceIp', 'remoteIp', 'destinationIp', 'destinationPort'] as const)(
    'is denied for the same reason as one that was not, and reading it never throws, where its %s is none',
    (name) => {
      for (const dialect of [strict, upstream]) {
        for (const gate of gates) {
          const { inventory, binding } = gateWith(gate, open[gate], { dialect });
          fc.assert(
            fc.property(fc.oneof(nonsense, unread), (value) => {
              // Zero is a port, and no identity and no remote address at all are plaintext and the peer's own.
              fc.pre(!(name === 'destinationPort' && value === 0));
              fc.pre(!(value === undefined && (name === 'identity' || name === 'remoteIp')));
              const bad = { ...connection(), [name]: value } as ConnectionAttributes;
              const verdicts = decide(inventory, binding, new ReadConnection(bad));
              expect(verdicts).toEqual(decide(inventory, binding, bad));
              for (const { effect } of verdicts) expect(effect).toBe('deny');
            }),
          );
        }
      }
    },
  );

  it('keeps what could not be read about it in the way of every policy', () => {
    for (const gate of gates) {
      const { inventory, binding } = gateWith(gate, open[gate]);
      for (const verdict of decide(inventory, binding, new ReadConnection(connection({ unreadable: 'the TLS greeting' }))))
        expect(verdict).toMatchObject({ effect: 'deny', reason: 'unreadable-attribute' });
    }
  });

  it('has every attribute that it was read from, and no other', () => {
    const all: Required<ConnectionAttributes> = {
      ...connection(),
      identity: 'spiffe://cluster.local/ns/shop/sa/web',
      remoteIp: '203.0.113.7',
      sni: 'www.example',
      unreadable: 'something',
      metadata: { 'envoy.filters.network.demo': { colour: 'blue' } },
      awaited: ['envoy.filters.network.other'],
      peerNames: ['spiffe://cluster.local/ns/shop/sa/web', ''],
    };
    expect({ ...new ReadConnection(all) }).toEqual(all);
    const { sourceIp, destinationIp, destinationPort } = all;
    expect(Object.keys(new ReadConnection({ sourceIp, destinationIp, destinationPort })).sort()).toEqual([
      'destinationIp',
      'destinationPort',
      'sourceIp',
    ]);
  });

  it('cannot be changed, and is not what copies, heirs and proxies of it claim to be', () => {
    const { inventory, binding } = gateWith('waypoint', [{ rules: [{ from: [{ source: { principals: ['*/sa/web'] } }] }] }]);
    const good = new ReadConnection(connection({ identity: 'spiffe://cluster.local/ns/shop/sa/web' }));
    const effects = (from: ConnectionAttributes) => decide(inventory, binding, from).map(({ effect }) => effect);
    expect(effects(good)).toEqual(['allow', 'allow']);
    const identity = 'spiffe://cluster.local/ns/shop/sa/other';
    expect(() => {
      (good as { identity: string }).identity = identity;
    }).toThrow(TypeError);
    expect(() => Object.setPrototypeOf(good, { identity })).toThrow(TypeError);
    const heir = Object.create(good, { identity: { value: identity } }) as ConnectionAttributes;
    const proxy = new Proxy(good, { get: (_, name) => (name === 'identity' ? identity : connection()[name as 'sourceIp']) });
    const posing = Object.assign(Object.create(ReadConnection.prototype) as object, connection({ identity: 'nobody' }));
    for (const other of [{ ...good, identity }, heir, posing as ConnectionAttributes]) {
      expect(ReadConnection.isRead(other)).toBe(false);
      expect(effects(other)).toEqual(['deny', 'deny']);
    }
    // What a proxy may not claim of a frozen target throws, which denies.
    expect(ReadConnection.isRead(proxy)).toBe(false);
    expect(effects(proxy)).toEqual(['deny', 'deny']);
  });
});
