import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type Answer, ask, L7Mesh, runHttp } from '../l7/l7-mesh.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';
import { Issuer, inSeconds } from './issuer.js';

const issuer = new Issuer('https://issuer.example', 'key-1');

const manifests = [
  ambientNamespace('shop'),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  `
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: server }
spec: { clusterIP: 10.2.0.1, selector: { app: server }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`,
  `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: shop, name: front }
spec: { gatewayClassName: istio, listeners: [{ name: web, port: 18081, protocol: HTTP }] }
`,
  `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { namespace: shop, name: web }
spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: server, port: 80 }] }] }
`,
  `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { namespace: shop, name: tokens }
spec:
  selector: { matchLabels: { gateway.networking.k8s.io/gateway-name: front } }
  jwtRules:
    - issuer: ${issuer.name}
      jwks: '${issuer.jwks()}'
      outputClaimToHeaders: [{ header: x-sub, claim: sub }]
      spaceDelimitedClaims: [roles]
`,
  policy(
    'shop',
    'admins',
    `{ targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: front }],
       rules: [{ when: [{ key: "request.auth.claims[roles]", values: [admin] }] }] }`,
  ),
];

let mesh: L7Mesh;
afterEach(() => mesh.stop());

it('an ingress gateway checks tokens by a selector on its pods, and passes on what they say', async () => {
  mesh = await L7Mesh.start(manifests, (made) =>
    runHttp(made, 'shop/server', 8080, (incoming, response) => {
      incoming.resume();
      response.end(JSON.stringify(incoming.headers));
    }),
  );
  const send = async (headers: Record<string, string>): Promise<Answer> => {
    const [listener] = mesh.gate('shop/front').status().listeners;
    const socket = connect({ host: listener?.address ?? '', port: listener?.port ?? 0 });
    await once(socket, 'connect');
    return ask(socket, { headers: { host: 'shop.example', connection: 'close', ...headers } });
  };
  const bearer = (claims: object) => ({ authorization: `Bearer ${issuer.token({ ...claims })}`, 'x-sub': 'root' });

  const admitted = await send(bearer({ roles: 'dev admin' }));
  expect(admitted.status).toBe(200);
  expect(JSON.parse(admitted.body)).toMatchObject({ 'x-sub': 'ann' });
  expect(JSON.parse(admitted.body)).not.toHaveProperty('authorization');
  expect(await send(bearer({ roles: 'dev' }))).toMatchObject({ status: 403, body: 'RBAC: access denied' });
  expect(await send({})).toMatchObject({ status: 403 });
  expect(await send(bearer({ roles: 'admin', exp: inSeconds(-3600) }))).toMatchObject({
    status: 401,
    body: 'Jwt is expired',
    headers: { 'www-authenticate': 'Bearer realm="http://shop.example/", error="invalid_token"' },
  });
});
