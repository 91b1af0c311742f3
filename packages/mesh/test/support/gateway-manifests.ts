import { ambientNamespace, pod, policy } from './manifests.js';
import type { TestAuthority } from './test-authority.js';

/** A namespace with one pod, \`shop/server\`, that listens on 8080. */
export const shop = [ambientNamespace('shop'), pod('shop', 'server', { address: '10.1.0.3', ports: [8080] })];

/** The service in front of it. */
export function webService(port = '{ name: http, port: 80, targetPort: 8080 }', labels = '{}'): string {
  return `
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: server, labels: ${labels} }
spec: { clusterIP: 10.2.0.1, selector: { app: server }, ports: [${port}] }
`;
}

/** Every request of gateway \`shop/front\` to that service. */
export const frontRoute = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { namespace: shop, name: web }
spec:
  parentRefs: [{ name: front }]
  rules: [{ backendRefs: [{ name: server, port: 80 }] }]
`;

/** The ingress gateway \`shop/front\`. */
export function frontGateway(listeners: string, annotations = '{}'): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: shop, name: front, annotations: ${annotations} }
spec: { gatewayClassName: istio, listeners: [${listeners}] }
`;
}

/** A policy of that gateway. */
export function atGateway(spec: string): string {
  return policy(
    'shop',
    'at-gateway',
    `{ targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: front }], ${spec} }`,
  );
}

/** A Secret with a certificate for \`NAME.example\`. */
export async function tlsSecret(authority: TestAuthority, name: string): Promise<string> {
  const { chain, key } = await authority.issue('unused', { names: [{ type: 'dns', value: `${name}.example` }] });
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  return `
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: { namespace: shop, name: ${name} }
data: { tls.crt: ${encoded(chain)}, tls.key: ${encoded(key)} }
`;
}
