import { describe, expect, it } from 'vitest';
import { formatAuthority, forwardedHost, tunnelHeaders } from '../../src/hbone/headers.js';

describe('the header `forwarded` of a tunnel', () => {
  it.each([
    ['an address', { sourceAddress: '10.0.0.1', sourcePort: 80 }, 'for="10.0.0.1:80"'],
    ['an address of IPv6, in brackets', { sourceAddress: '::1', sourcePort: 80 }, 'for="[::1]:80"'],
    [
      'an address and the service, whose name is not quoted',
      { sourceAddress: '10.0.0.1', sourcePort: 80, serviceHost: 'web.shop.example' },
      'for="10.0.0.1:80";host=web.shop.example',
    ],
    ['the service alone', { serviceHost: 'web.shop.example' }, 'host=web.shop.example'],
    ['nothing', {}, undefined],
  ])('holds %s', (_, description, forwarded) => {
    expect(tunnelHeaders(description).forwarded).toBe(forwarded);
  });

  it('gives the service back, in lower case', () => {
    expect(forwardedHost({ forwarded: 'for="10.0.0.1:80";host=Web.Shop.example' })).toBe('web.shop.example');
    expect(forwardedHost({ forwarded: 'for="10.0.0.1:80"' })).toBeUndefined();
    expect(forwardedHost({})).toBeUndefined();
  });
});

describe('an authority', () => {
  it('has brackets around an address of IPv6 and nothing else', () => {
    expect(formatAuthority('2001:db8::1', 80)).toBe('[2001:db8::1]:80');
    expect(formatAuthority('10.0.0.1', 80)).toBe('10.0.0.1:80');
    expect(formatAuthority('web.shop', 80)).toBe('web.shop:80');
    expect(formatAuthority('::1')).toBe('[::1]');
  });
});
