import { describe, expect, it } from 'vitest';
import type { RequestHead } from '../../src/http/exchange.js';
import { forwardedRequestHeaders, forwardedResponseHeaders, forwardedTrailers } from '../../src/http/forwarded-headers.js';
import type { Header } from '../../src/http/header-list.js';

const headWith = (headers: readonly Header[], httpVersion: 1 | 2 = 1): RequestHead => ({
  attributes: { method: 'GET', path: '/', authority: 'a', scheme: 'http', headers, httpVersion },
  hasBody: false,
  expectsContinue: false,
});
const trusting = { trustForwardedProto: true };
const forwarded = (headers: readonly Header[], httpVersion: 1 | 2 = 1) =>
  forwardedRequestHeaders(headWith(headers, httpVersion), trusting).filter(
    ([name]) => name !== 'x-request-id' && name !== 'x-forwarded-proto',
  );

describe('the headers of a request that goes on', () => {
  it('leave out what belongs to one connection, and what the connection header names', () => {
    expect(
      forwarded([
        ['connection', 'close, X-Private'],
        ['x-private', '1'],
        ['keep-alive', '1'],
        ['te', 'gzip'],
        ['upgrade', 'h2c'],
        ['transfer-encoding', 'chunked'],
        ['x-kept', '1'],
      ]),
    ).toEqual([['x-kept', '1']]);
  });

  it('leave out what gates say to each other', () => {
    expect(
      forwarded([
        ['x-forwarded-client-cert', 'By=a'],
        ['x-envoy-internal', 'true'],
        ['x-envoy-original-path', '/a'],
      ]),
    ).toEqual([['x-envoy-original-path', '/a']]);
  });

  it('join the lines that policy sees joined, and leave others apart', () => {
    expect(
      forwarded([
        ['authorization', 'a'],
        ['x-own', '1'],
        ['authorization', ''],
        ['authorization', 'b'],
        ['x-own', '2'],
      ]),
    ).toEqual([
      ['authorization', 'a,b'],
      ['x-own', '1'],
      ['x-own', '2'],
    ]);
    expect(
      forwarded(
        [
          ['cookie', 'a=1'],
          ['cookie', 'b=2'],
        ],
        2,
      ),
    ).toEqual([['cookie', 'a=1; b=2']]);
  });

  it('keep `te: trailers` of HTTP/2 only', () => {
    expect(forwarded([['te', 'trailers']], 2)).toEqual([['te', 'trailers']]);
    expect(forwarded([['te', 'trailers']], 1)).toEqual([]);
  });

  it("have an id: the client's, or a new one", () => {
    const idOf = (headers: readonly Header[]) =>
      new Map(forwardedRequestHeaders(headWith(headers), trusting)).get('x-request-id');
    expect(idOf([['x-request-id', 'mine']])).toBe('mine');
    expect(idOf([])).toMatch(/^[0-9a-f]{8}-/);
    expect(idOf([['x-request-id', '']])).toMatch(/^[0-9a-f]{8}-/);
  });

  it('say the scheme of the connection, unless the hop before is trusted to know better', () => {
    const protoOf = (value: string, trustForwardedProto: boolean) =>
      new Map(forwardedRequestHeaders(headWith([['x-forwarded-proto', value]]), { trustForwardedProto })).get(
        'x-forwarded-proto',
      );
    expect(protoOf('https', true)).toBe('https');
    expect(protoOf('https', false)).toBe('http');
    expect(protoOf('gopher', true)).toBe('http');
  });
});

describe('what comes back', () => {
  it('loses the headers of the connection', () => {
    expect(
      forwardedResponseHeaders([
        ['connection', 'x-a'],
        ['x-a', '1'],
        ['transfer-encoding', 'chunked'],
        ['set-cookie', 'a'],
        ['set-cookie', 'b'],
      ]),
    ).toEqual([
      ['set-cookie', 'a'],
      ['set-cookie', 'b'],
    ]);
  });

  it("has no trailer that could pass for framing, routing, credentials or a gate's word", () => {
    expect(
      forwardedTrailers([
        ['content-length', '1'],
        ['host', 'b'],
        ['authorization', 'x'],
        ['x-forwarded-for', '1.2.3.4'],
        ['grpc-status', '0'],
      ]),
    ).toEqual([['grpc-status', '0']]);
  });
});
