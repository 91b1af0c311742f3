import { describe, expect, it } from 'vitest';
import { headerView } from '../../src/reference/headers.js';
import { request } from './mesh.js';

type Line = readonly [string, string];
const values = (name: string, headers: readonly Line[], httpVersion: 1 | 2 = 1) =>
  headerView(request({ headers, httpVersion }), { path: '/p?q' })(name);
const twice = (name: string): Line[] => [
  [name, 'a'],
  [name.toUpperCase(), ''],
  [name, 'b'],
];

describe('headerView', () => {
  it('keeps the lines of an ordinary header apart', () => {
    expect(values('x-h', twice('x-h'))).toEqual(['a', '', 'b']);
  });

  it.each(['accept', 'authorization', 'content-type', 'referer', 'user-agent', 'via', 'x-forwarded-for', 'x-request-id'])(
    'joins the lines of %s with commas, without the empty ones',
    (name) => {
      expect(values(name, twice(name))).toEqual(['a,b']);
    },
  );

  it('joins cookies with semicolons in HTTP/2 only', () => {
    expect(values('cookie', twice('cookie'), 2)).toEqual(['a; b']);
    expect(values('cookie', twice('cookie'))).toEqual(['a', '', 'b']);
  });

  it.each(['x-forwarded-client-cert', 'x-envoy-internal', 'x-envoy-retry-on', 'te', 'connection'])('shows no %s', (name) => {
    expect(values(name, twice(name))).toEqual([]);
  });

  it('shows pseudo headers, and `host` for the authority', () => {
    expect([':authority', 'host', ':method', ':path', ':scheme'].map((name) => values(name, [['host', 'forged']]))).toEqual([
      ['api.shop'],
      ['api.shop'],
      ['GET'],
      ['/p?q'],
      ['http'],
    ]);
  });

  it('always has a request id and a forwarded protocol', () => {
    expect(values('x-request-id', [])).toHaveLength(1);
    expect(values('x-forwarded-proto', [])).toEqual(['http']);
    expect(values('x-forwarded-proto', [['x-forwarded-proto', 'https']])).toEqual(['https']);
  });

  it('takes no blanks for part of a value', () => {
    expect(values('x-h', [['x-h', '\t a b ']])).toEqual(['a b']);
  });

  it('appends the peer to X-Forwarded-For where the gate does', () => {
    const sent = request({ headers: [['X-Forwarded-For', '1.1.1.1']] });
    expect(headerView(sent, { path: '/', appendForwardedFor: '10.0.0.9' })('x-forwarded-for')).toEqual(['1.1.1.1,10.0.0.9']);
  });

  it('knows no header by the names of an object', () => {
    for (const name of ['constructor', '__proto__', 'toString']) expect(values(name, [])).toEqual([]);
  });
});
