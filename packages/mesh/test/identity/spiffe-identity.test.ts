import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identityOfSubjectAltName } from '../../src/identity/peer-identity.js';
import { parseSpiffeIdentity } from '../../src/identity/spiffe-identity.js';

describe('a SPIFFE identity', () => {
  it('has exactly a trust domain, a namespace and a service account', () => {
    expect(parseSpiffeIdentity('spiffe://cluster.local/ns/shop/sa/web')).toEqual({
      uri: 'spiffe://cluster.local/ns/shop/sa/web',
      trustDomain: 'cluster.local',
      namespace: 'shop',
      serviceAccount: 'web',
    });
  });

  it.each([
    '',
    'spiffe://cluster.local',
    'spiffe://cluster.local/ns/shop/sa/',
    'spiffe://cluster.local/ns//sa/web',
    'spiffe:///ns/shop/sa/web',
    'spiffe://cluster.local/ns/shop/sa/web/',
    'spiffe://cluster.local/ns/shop/sa/web/extra',
    'spiffe://cluster.local/sa/web/ns/shop',
    'SPIFFE://cluster.local/ns/shop/sa/web',
    'https://cluster.local/ns/shop/sa/web',
    'spiffe://Cluster.local/ns/shop/sa/web',
    'spiffe://cluster.local:443/ns/shop/sa/web',
    'spiffe://user@cluster.local/ns/shop/sa/web',
    'spiffe://cluster.local/ns/shop/sa/web?x',
    'spiffe://cluster.local/ns/shop/sa/web#x',
    'spiffe://cluster.local/ns/shop/sa/%77eb',
    'spiffe://cluster.local/ns/../sa/web',
    'spiffe://cluster.local/ns/shop/sa/.',
    'spiffe://cluster.local/ns/shop/sa/w eb',
    'spiffe://cluster.local/ns/shop/sa/web\0',
    `spiffe://cluster.local/ns/shop/sa/${'x'.repeat(2048)}`,
  ])('is not `%s`', (text) => {
    expect(parseSpiffeIdentity(text)).toBeUndefined();
  });

  it('is read back from its own parts, whatever is parsed', () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/);
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9.-]{1,20}$/), segment, segment, (trustDomain, namespace, serviceAccount) => {
        const uri = `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
        const dots = [namespace, serviceAccount].some((part) => part === '.' || part === '..');
        expect(parseSpiffeIdentity(uri)).toEqual(dots ? undefined : { uri, trustDomain, namespace, serviceAccount });
      }),
    );
  });
});

describe('a subject alternative name', () => {
  const uri = 'URI:spiffe://td/ns/n/sa/s';

  it('gives the identity of its one URI, whatever other names there are', () => {
    expect(identityOfSubjectAltName(`DNS:x, ${uri}, IP Address:10.0.0.1`, ['td'])).toMatchObject({
      uri: 'spiffe://td/ns/n/sa/s',
    });
  });

  it.each([
    ['nothing', undefined, 'no subject alternative name'],
    ['no URI', 'DNS:x', 'no URI'],
    ['two URIs', `${uri}, ${uri}`, 'several URI'],
    ['a URI hidden in a quoted name', `DNS:"x, ${uri}"`, 'unusual characters'],
    ['a foreign trust domain', 'URI:spiffe://other/ns/n/sa/s', 'trust domain `other` is not accepted'],
    ['a URI of another form', 'URI:https://td/', 'no workload identity'],
  ])('is refused with %s', (_, text, why) => {
    expect(identityOfSubjectAltName(text, ['td'])).toContain(why);
  });
});
