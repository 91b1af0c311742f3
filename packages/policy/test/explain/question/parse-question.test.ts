import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseQuestion, type Question, type QuestionText } from '../../../src/index.js';
import { documents, inventoryOf, namespace, pod, service, shop } from '../mesh.js';

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: orders}}
  template:
    metadata: {labels: {app: orders}}
    spec: {serviceAccountName: orders, containers: [{name: main, ports: [{containerPort: 9000}]}]}
`;
const inventory = inventoryOf(
  documents(
    shop,
    deployment,
    service('shop', 'ledger', '10.1.0.9', { port: 'tcp', app: 'cart' }),
    namespace('other'),
    pod('other', 'web', '10.0.1.1'),
  ),
);

function read(text: Partial<QuestionText>): Question {
  const result = parseQuestion(inventory, { from: 'shop/web', to: 'cart:80', ...text });
  if ('problem' in result) throw new Error(result.problem.message);
  return result.question;
}

function problem(text: Partial<QuestionText>): string {
  const result = parseQuestion(inventory, { from: 'shop/web', to: 'cart:80', ...text });
  return 'problem' in result ? `${result.problem.message} ${result.problem.hint ?? ''}` : '';
}

describe('the client', () => {
  it('is a workload by its name, by the name of its Deployment, or by its address', () => {
    expect(read({ from: 'shop/web' }).client).toMatchObject({ kind: 'workload', workload: { key: 'shop/web' } });
    expect(read({ from: 'shop/orders' }).client).toMatchObject({ kind: 'workload', workload: { ownerName: 'orders' } });
    expect(read({ from: '10.0.0.2' }).client).toMatchObject({ kind: 'workload', workload: { key: 'shop/batch' } });
  });

  it('is an identity, or an address outside the mesh', () => {
    expect(read({ from: 'spiffe://td/ns/a/sa/b', to: 'cart.shop:80' }).client).toMatchObject({
      kind: 'identity',
      identity: 'spiffe://td/ns/a/sa/b',
      namespace: 'a',
    });
    expect(read({ from: '198.51.100.7', to: 'cart.shop:80' }).client).toEqual({ kind: 'address', address: '198.51.100.7' });
    expect(read({ from: '2001:DB8::7', to: 'cart.shop:80' }).client).toEqual({ kind: 'address', address: '2001:db8::7' });
  });

  it.each([
    ['shop/nobody', 'workloads of `shop`: shop/batch, shop/cart, shop/orders, shop/web'],
    ['nowhere/web', 'namespace `nowhere` has no workloads'],
    ['spiffe://td/ns/a', 'spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT'],
    ['spiffe://td/ns//sa/b', 'not a workload identity'],
  ])('cannot be `%s`', (from, said) => {
    expect(problem({ from })).toContain(said);
  });
});

describe('the target', () => {
  it.each<[string, Record<string, unknown>, string, string]>([
    ['http://cart/', { scheme: 'http', host: 'cart', port: 80 }, '/', 'cart'],
    ['http://cart:80/a/b?c=d#e', { scheme: 'http', host: 'cart', port: 80 }, '/a/b?c=d', 'cart'],
    ['HTTP://Cart.Shop.svc:8080?x', { scheme: 'http', host: 'cart.shop.svc', port: 8080 }, '/?x', 'Cart.Shop.svc:8080'],
    ['https://cart/', { scheme: 'https', host: 'cart', port: 443 }, '/', 'cart'],
    ['cart:80/items', { scheme: 'http', host: 'cart', port: 80 }, '/items', 'cart'],
    ['cart', { scheme: 'http', host: 'cart', port: 80 }, '/', 'cart'],
    ['ledger:80', { scheme: 'tcp', host: 'ledger', port: 80 }, '/', 'ledger:80'],
    ['10.1.0.3:80', { scheme: 'http', host: '10.1.0.3', port: 80 }, '/', '10.1.0.3'],
    ['http://[2001:DB8::1]:8080/', { scheme: 'http', host: '2001:db8::1', port: 8080 }, '/', '[2001:DB8::1]:8080'],
    ['shop/cart', { scheme: 'http', host: '10.0.0.3', port: 8080 }, '/', '10.0.0.3:8080'],
    ['shop/cart:9', { scheme: 'http', host: '10.0.0.3', port: 9 }, '/', '10.0.0.3:9'],
    ['udp://cart:53', { scheme: 'tcp', host: 'cart', port: 53, protocol: 'UDP' }, '/', 'cart:53'],
  ])('`%s` is read', (to, target, path, authority) => {
    const question = read({ to });
    expect(question.target).toMatchObject(target);
    expect(question.request).toMatchObject({ path, authority });
  });

  it.each([
    ['ftp://cart/', 'http, https, tcp or udp'],
    ['http://user@cart/', 'credentials'],
    ['http:///x', 'names no host'],
    ['cart:0', 'not a port'],
    ['cart:65536', 'not a port'],
    ['cart:http', 'not a port'],
    ['http://[::1/', 'not a target'],
    ['shop/cart/x', 'not a target'],
    ['shop/web2', 'there is no workload'],
  ])('cannot be `%s`', (to, said) => {
    expect(problem({ to })).toContain(said);
  });
});

describe('the request', () => {
  it('takes method, path and headers, the last Host being the authority', () => {
    const { request } = read({ method: 'PUT', path: '/x?y', headers: ['X-A: 1', 'x-a:2', 'Host: shop.example', ':odd: v'] });
    expect(request).toMatchObject({
      method: 'PUT',
      path: '/x?y',
      authority: 'shop.example',
      headers: [
        ['X-A', '1'],
        ['x-a', '2'],
        [':odd', 'v'],
      ],
    });
  });

  it('has the server name of an https URL, or the one that was given', () => {
    expect(read({ to: 'https://cart/' }).sni).toBe('cart');
    expect(read({ to: 'https://10.1.0.3/' }).sni).toBeUndefined();
    expect(read({ to: 'cart:80', sni: 'shop.example' }).sni).toBe('shop.example');
    expect(read({ to: 'http://cart/' }).sni).toBeUndefined();
  });

  it.each([
    [{ path: 'x' }, 'not a path'],
    [{ headers: ['nothing'] }, 'NAME: VALUE'],
    [{ headers: [': v'] }, 'NAME: VALUE'],
    [{ via: 'shop/edge' }, 'there is no Gateway'],
  ])('is refused with a hint: %j', (text, said) => {
    expect(problem(text)).toContain(said);
  });
});

it('never throws, whatever is typed', () => {
  const part = fc.oneof(
    fc.string(),
    fc.constantFrom('shop/web', 'http://cart/', '[', '://', 'cart:', 'spiffe://', '/', ':80', '::', '10.0.0.1'),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 3 }), fc.array(part, { maxLength: 3 }), (from, to) => {
      const result = parseQuestion(inventory, { from: from.join(''), to: to.join('') });
      if ('problem' in result) expect(result.problem.message).not.toBe('');
      else expect(result.question.target.port).toBeGreaterThan(0);
    }),
  );
});
