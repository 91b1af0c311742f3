import type { SourceFile } from '@sallyport/policy';

/** The most rules that one policy may have is 512. */
const rulesPerPolicy = 500;

/** One service with a waypoint, and so many rules for it: at the ztunnel (principals and ports) or at the waypoint (and HTTP). */
export function benchManifests(rules: number, layer: 'l4' | 'l7'): SourceFile[] {
  const policies = Array.from({ length: Math.ceil(rules / rulesPerPolicy) }, (_, policy) => {
    const first = policy * rulesPerPolicy;
    const count = Math.min(rulesPerPolicy, rules - first);
    const text = Array.from({ length: count }, (__, rule) => ruleText(first + rule, layer)).join('\n');
    return policyText(policy, layer, text);
  });
  return [{ path: 'bench.yaml', text: [mesh, ...policies].join('\n---\n') }];
}

/** The service account that only rule `index` admits. */
export function accountOf(index: number): string {
  return `client-${index}`;
}

function ruleText(index: number, layer: 'l4' | 'l7'): string {
  const from = `from: [{ source: { principals: [cluster.local/ns/clients/sa/${accountOf(index)}] } }]`;
  const operation = layer === 'l4' ? 'ports: ["8080"]' : `methods: [GET], paths: ["/rule/${index}/*"]`;
  return `  - { ${from}, to: [{ operation: { ${operation} } }] }`;
}

function policyText(index: number, layer: 'l4' | 'l7', rules: string): string {
  const attachment =
    layer === 'l4' ? 'selector: { matchLabels: { app: app } }' : 'targetRefs: [{ group: "", kind: Service, name: app }]';
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: bench-${index}, namespace: bench }
spec:
  ${attachment}
  rules:
${rules}`;
}

const mesh = `apiVersion: v1
kind: Namespace
metadata: { name: bench, labels: { istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: waypoint, namespace: bench, labels: { istio.io/waypoint-for: service } }
spec:
  gatewayClassName: istio-waypoint
  listeners: [{ name: mesh, port: 15008, protocol: HBONE }]
---
apiVersion: v1
kind: Pod
metadata: { name: app, namespace: bench, labels: { app: app } }
spec: { containers: [{ name: app, image: app, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: app, namespace: bench }
spec: { selector: { app: app }, ports: [{ name: http, port: 8080 }] }`;
