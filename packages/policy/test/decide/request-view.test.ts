import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  engines,
  forwardedPath,
  isPermit,
  normalizePath,
  ReadConnection,
  ReadRequest,
  type RequestAttributes,
  requestDecider,
  strict,
  upstream,
} from '../../src/index.js';
import { connection, gateWith } from '../reference/mesh.js';

const names = ['x-team', 'X-Team', 'accept', 'cookie', 'te', 'host', 'x-forwarded-for', 'x-request-id', 'connection', 'é', ''];
const text = fc.oneof(
  fc.constantFrom('a', 'red', ' red ', '', '10.0.0.9', '203.0.113.7, 10.0.0.1', 'a,b', '\t', 'é', '\u0100', '\n', '\u007f'),
  fc.string({ maxLength: 6 }),
);
const segment = fc.constantFrom(
  'a',
  'admin',
  '.',
  '..',
  '',
  'a.b',
  '.a',
  '%41',
  '%2f',
  '\\',
  '..;x',
  'a.;b',
  '%2e%2e;',
  'é',
  '{',
  '*',
  ' ',
  '#',
  '?q=1',
  ';v',
);
const path = fc.oneof(
  fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`),
  fc.string({ maxLength: 8 }).map((each) => `/${each}`),
  fc.string({ maxLength: 3 }),
);
const request: fc.Arbitrary<RequestAttributes> = fc.record(
  {
    method: fc.constantFrom('GET', 'POST', 'PURGE', 'get', 'X-ODD', 'a b', ''),
    path,
    authority: fc.constantFrom('api.shop', 'API.shop:80', '', 'a b', '[::1]:80', 'é'),
    headers: fc.array(fc.tuple(fc.constantFrom(...names), text), { maxLength: 4 }),
    httpVersion: fc.constantFrom(1, 2),
    scheme: fc.constantFrom('http', 'https', 'ftp'),
    metadata: fc.constantFrom({ 'envoy.filters.network.demo': { colour: 'blue' } }, {}),
    authentication: fc.constantFrom(
      { audiences: [], claims: { sub: 'x', iss: 'y' }, edits: { removed: [], added: [] } },
      { audiences: [], claims: {}, edits: { removed: ['x-team'], added: [['x-team', 'red']] } },
      { audiences: [], claims: {}, edits: { removed: ['cookie', 'te', 'accept'], added: [['X-Team', ' a ']] } },
      {
        audiences: [],
        claims: {},
        edits: {
          removed: [],
          added: [
            ['x-team', 'a'],
            ['accept', 'b'],
          ],
        },
      },
      { audiences: [], claims: {}, edits: { removed: [], added: [], path: '/admin' } },
      { audiences: [], claims: {}, edits: { removed: [], added: [['x', '\n']] } },
    ),
  },
  { requiredKeys: ['method', 'path', 'authority', 'headers', 'httpVersion'] },
) as fc.Arbitrary<RequestAttributes>;

/** Rules that each look at one thing; the verdict names the first that holds, so that all of them are compared. */
const rules = [
  { when: [{ key: 'connection.sni', values: ['www.*'] }] },
  { to: [{ operation: { paths: ['/admin', '/a/{*}', '*b'] } }] },
  { when: [{ key: 'request.headers[x-team]', values: ['red', 'a'] }] },
  { when: [{ key: 'remote.ip', values: ['10.0.0.9'] }] },
  { to: [{ operation: { hosts: ['API.SHOP*'], methods: ['PURGE'] } }] },
  { when: [{ key: 'request.headers[cookie]', values: ['*'] }] },
  { when: [{ key: 'request.headers[x-forwarded-for]', values: ['*0.0.0.9'] }] },
  { when: [{ key: 'request.headers[connection]', values: ['*'] }] },
  { when: [{ key: 'request.headers[te]', values: ['*'] }] },
  { when: [{ key: 'request.headers[accept]', notValues: ['a*'] }] },
  { when: [{ key: 'request.headers[host]', values: ['API*'] }] },
  { when: [{ key: 'request.headers[:path]', notValues: ['/*'] }] },
  { when: [{ key: 'request.auth.claims[sub]', values: ['x'] }] },
  { when: [{ key: 'experimental.envoy.filters.network.demo[colour]', values: ['blue'] }] },
];
const connections = [
  connection(),
  connection({ remoteIp: '203.0.113.7' }),
  connection({ remoteIp: 'nowhere' }),
  connection({ sourceIp: '::ffff:10.0.0.9' }),
  connection({ identity: 'spiffe://cluster.local/odd' }),
  connection({ identity: 'spiffe://cluster.local/ns/shop/sa/edge-istio' }),
  connection({ destinationPort: 70_000 }),
  connection({ unreadable: 'the TLS greeting' }),
  connection({ sni: 'WWW.example' }),
];

describe.each(['waypoint', 'gateway'] as const)('requests read in place (%s)', (gate) => {
  it.each(['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'])(
    'come to the same verdict as requests read by the book, paths normalised with %s',
    (normalization) => {
      for (const dialect of [strict, upstream]) {
        const meshConfig = { pathNormalization: { normalization }, defaultConfig: { gatewayTopology: { numTrustedProxies: 1 } } };
        const { inventory, binding } = gateWith(gate, [{ rules }], { dialect, meshConfig });
        if (binding.gate === 'ztunnel') throw new Error('a ztunnel judges no requests');
        const [fast, plain] = [engines.table, engines.interpreter].map((engine) =>
          requestDecider(inventory, binding, { engine }),
        );
        fc.assert(
          fc.property(fc.constantFrom(...connections), request, request, (from, asked, received) => {
            const read = new ReadConnection(from);
            const parsed = new ReadRequest(asked);
            for (const each of [from, read]) expect(fast?.connection(each)).toEqual(plain?.connection(from));
            // On the connection that was read twice, as from then on something is kept with it.
            for (const each of [from, read, read, read]) {
              expect(fast?.request(each, asked)).toEqual(plain?.request(from, asked));
              expect(fast?.request(each, parsed)).toEqual(plain?.request(from, asked));
            }
            const settled = { received, routeBy: 'received', responseHeaders: [], consulted: [] } as const;
            expect(fast?.request(from, asked, settled)).toEqual(plain?.request(from, asked, settled));
          }),
          { numRuns: 300 },
        );
      }
    },
  );

  it.each(['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const)(
    'go on with the path that was judged, and none other, paths normalised with %s',
    (normalization) => {
      const meshConfig = { pathNormalization: { normalization } };
      // Allows whatever is not refused: nothing but the path itself stands between a request and the application.
      const { inventory, binding } = gateWith(gate, [{ rules: [{}] }], { meshConfig });
      if (binding.gate === 'ztunnel') throw new Error('a ztunnel judges no requests');
      const forms = { sent: 0, written: 0 };
      for (const engine of [engines.table, engines.interpreter]) {
        const decider = requestDecider(inventory, binding, { engine });
        fc.assert(
          fc.property(request, (asked) => {
            for (const each of [asked, new ReadRequest(asked)]) {
              const verdict = decider.request(connection(), each);
              if (!isPermit(verdict)) continue;
              const judged = asked.authentication?.edits.path ?? normalizePath(asked.path, normalization).path;
              expect(forwardedPath(verdict, each)).toBe(judged);
              forms[verdict.path === undefined ? 'sent' : 'written'] += 1;
            }
          }),
          { numRuns: 1000 },
        );
      }
      expect(forms.sent).toBeGreaterThan(0);
      expect(forms.written).toBeGreaterThan(0);
    },
  );
});
