import type { CodeDescription } from './code.js';

/** Joins documents into one multi-document text. */
function documents(...texts: readonly string[]): string {
  return texts.join('---\n');
}

const namespace = `apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    istio.io/dataplane-mode: ambient
`;

const namespaceWithWaypoint = `${namespace}    istio.io/use-waypoint: waypoint
`;

const waypoint = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: waypoint
  namespace: shop
spec:
  gatewayClassName: istio-waypoint
  listeners:
    - {name: mesh, port: 15008, protocol: HBONE}
`;

const cart = `apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  selector: {app: cart}
  ports: [{name: http, port: 80}]
---
apiVersion: v1
kind: Pod
metadata:
  name: cart
  namespace: shop
  labels: {app: cart}
spec:
  serviceAccountName: cart
  containers: [{name: cart, ports: [{containerPort: 80}]}]
`;

const onlyFromWaypoint = policy(
  'cart-only-from-waypoint',
  `  selector: {matchLabels: {app: cart}}
  rules:
    - from:
        - source: {principals: [cluster.local/ns/shop/sa/waypoint]}
`,
);

const behindWaypoint = documents(namespaceWithWaypoint, waypoint, cart);
const withoutWaypoint = documents(namespace, cart);

function policy(name: string, spec: string, annotations = ''): string {
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: ${name}
  namespace: shop
${annotations}spec:
${spec}`;
}

const getOnly = `  targetRefs: [{kind: Service, group: "", name: cart}]
  rules:
    - to:
        - operation: {methods: [GET]}
`;

/** Codes for what is valid and does something dangerous, or nothing. */
export const findingCodes = {
  'waypoint-bypass': {
    kind: 'finding',
    severity: 'error',
    summary:
      'A policy is enforced at a waypoint, and the ztunnel of a workload behind it admits others than the waypoint, who are never asked by that policy.',
    example: documents(behindWaypoint, policy('get-only', getOnly)),
  },
  'dialects-differ': {
    kind: 'finding',
    severity: 'warning',
    summary:
      'The dialects `strict` and `upstream` decide differently on a request because of this policy: a cluster may allow what is denied here, or the other way round.',
    example: documents(
      withoutWaypoint,
      policy(
        'no-delete',
        `  selector: {matchLabels: {app: cart}}
  action: DENY
  rules:
    - to:
        - operation: {methods: [DELETE]}
`,
      ),
    ),
  },
  'l7-at-ztunnel': {
    kind: 'finding',
    severity: 'error',
    summary:
      'A policy with an HTTP attribute is bound to a ztunnel, which cannot evaluate it, so the workload denies all traffic.',
    example: documents(
      withoutWaypoint,
      policy(
        'get-only',
        `  selector: {matchLabels: {app: cart}}
  rules:
    - to:
        - operation: {methods: [GET]}
`,
      ),
    ),
  },
  'policy-without-waypoint': {
    kind: 'finding',
    severity: 'error',
    summary:
      'A policy targets a Service that has no waypoint to enforce it, so the workloads behind the Service deny all traffic.',
    example: documents(withoutWaypoint, policy('get-only', getOnly)),
  },
  'unsupported-policy': {
    kind: 'finding',
    severity: 'error',
    summary:
      'A policy needs something that the gate cannot evaluate, such as tokens for which it has no keys, so the gate denies.',
    example: documents(
      behindWaypoint,
      `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: shop}
spec:
  targetRefs: [{kind: Service, group: "", name: cart}]
  jwtRules:
    - issuer: https://issuer.example
      jwks: '{"keys": []}'
`,
    ),
  },
  'policy-not-enforced': {
    kind: 'finding',
    severity: 'warning',
    summary: 'No gate enforces this policy.',
    example: documents(
      withoutWaypoint,
      policy(
        'nobody',
        `  selector: {matchLabels: {app: basket}}
  rules:
    - from:
        - source: {namespaces: [shop]}
`,
      ),
    ),
  },
  'policy-on-unenrolled': {
    kind: 'finding',
    severity: 'warning',
    summary:
      'A policy selects workloads that are not enrolled in the mesh: no ztunnel stands in front of them, and nothing enforces it there.',
    example: documents(
      withoutWaypoint.replace('istio.io/dataplane-mode: ambient', 'team: shop'),
      policy(
        'shop-only',
        `  selector: {matchLabels: {app: cart}}
  rules:
    - from:
        - source: {namespaces: [shop]}
`,
      ),
    ),
  },
  'waypoint-not-admitted': {
    kind: 'finding',
    severity: 'error',
    summary:
      'An ALLOW policy at the ztunnel of a workload behind a waypoint does not list the waypoint, so every request through the waypoint is refused.',
    example: documents(
      behindWaypoint,
      policy(
        'web-only',
        `  selector: {matchLabels: {app: cart}}
  rules:
    - from:
        - source: {principals: [cluster.local/ns/shop/sa/web]}
`,
      ),
    ),
  },
  'waypoint-unavailable': {
    kind: 'finding',
    severity: 'error',
    summary:
      'An object names a waypoint that cannot be used: in `strict` traffic to it is refused, in `upstream` it goes past every policy of the waypoint.',
    example: documents(namespaceWithWaypoint, cart),
  },
  'waypoint-canary': {
    kind: 'finding',
    severity: 'warning',
    summary:
      'A canary waypoint is named and cannot be used, or there is no waypoint of which it could be the canary: it gets no share of the traffic.',
    example: documents(`${namespaceWithWaypoint}    istio.io/use-waypoint-canary: next\n`, waypoint, cart),
  },
  'ingress-skips-waypoint': {
    kind: 'finding',
    severity: 'warning',
    summary:
      'An ingress gateway routes to a Service whose waypoint enforces policies, without `istio.io/ingress-use-waypoint`, so it goes past them.',
    example: documents(
      behindWaypoint,
      policy('get-only', getOnly),
      onlyFromWaypoint,
      `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
    - backendRefs: [{name: cart, port: 80}]
`,
    ),
  },
  'principal-with-scheme': {
    kind: 'finding',
    severity: 'error',
    summary: 'A principal is written with `spiffe://`; principals are compared without it, so the value never matches.',
    example: documents(
      withoutWaypoint,
      policy(
        'web-only',
        `  selector: {matchLabels: {app: cart}}
  rules:
    - from:
        - source: {principals: ["spiffe://cluster.local/ns/shop/sa/web"]}
`,
      ),
    ),
  },
  'cluster-local-principal': {
    kind: 'finding',
    severity: 'warning',
    summary:
      'A principal names the trust domain `cluster.local`, which is not the one of this mesh; a ztunnel of `upstream` never matches it.',
    example: documents(
      `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    trustDomain: shop.example
`,
      withoutWaypoint,
      policy(
        'web-only',
        `  selector: {matchLabels: {app: cart}}
  rules:
    - from:
        - source: {principals: [cluster.local/ns/shop/sa/web]}
`,
      ),
    ),
  },
  'trust-domains-at-ztunnel': {
    kind: 'finding',
    severity: 'warning',
    summary:
      'A policy bound to a ztunnel uses `trustDomains`, which a ztunnel of `upstream` drops: an ALLOW becomes wider, a DENY may do nothing.',
    example: documents(
      withoutWaypoint,
      policy(
        'own-domain',
        `  selector: {matchLabels: {app: cart}}
  rules:
    - from:
        - source: {ipBlocks: [10.0.0.0/8], trustDomains: [cluster.local]}
`,
      ),
    ),
  },
  'dry-run-at-ztunnel': {
    kind: 'finding',
    severity: 'warning',
    summary:
      'A dry-run policy is bound to a ztunnel, and `upstream` does not send it there unless AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY is true.',
    example: documents(
      withoutWaypoint,
      policy(
        'try-it',
        `  selector: {matchLabels: {app: cart}}
  rules:
    - from:
        - source: {namespaces: [shop]}
`,
        '  annotations: {istio.io/dry-run: "true"}\n',
      ),
    ),
  },
  'request-principal-trap': {
    kind: 'finding',
    severity: 'warning',
    summary:
      'A request principal is written in a form that cannot match the tokens that it seems to mean: it is split at the last `/` into issuer and subject.',
    example: documents(
      behindWaypoint,
      policy(
        'with-token',
        `  targetRefs: [{kind: Service, group: "", name: cart}]
  rules:
    - from:
        - source: {requestPrincipals: ["https://issuer.example*"]}
`,
      ),
      onlyFromWaypoint,
    ),
  },
  'never-matches': {
    kind: 'finding',
    severity: 'warning',
    summary:
      'No request has this path or server name as a gate sees it: what is denied by it is not denied, and what is allowed by it is not allowed.',
    example: documents(
      behindWaypoint,
      policy(
        'no-admin',
        `  targetRefs: [{kind: Service, group: "", name: cart}]
  action: DENY
  rules:
    - to:
        - operation: {paths: ["admin/*"]}
`,
      ),
      onlyFromWaypoint,
    ),
  },
  'unmodelled-kind': {
    kind: 'finding',
    severity: 'warning',
    summary: 'An object of a kind that is not modelled may change what happens; no verdict takes it into account.',
    example: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cart, namespace: shop}
spec:
  podSelector: {matchLabels: {app: cart}}
`,
  },
} as const satisfies Record<string, CodeDescription>;
