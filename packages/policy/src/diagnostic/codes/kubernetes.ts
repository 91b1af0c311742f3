import type { CodeDescription } from './code.js';

const error = { kind: 'invalid', severity: 'error' } as const;

/** Codes for Kubernetes' own kinds and those of the Gateway API. */
export const kubernetesCodes = {
  'unsupported-selector': {
    ...error,
    summary: 'A label selector uses `matchExpressions`, which is not built; leaving it out would select more than was written.',
    example:
      'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  selector:\n    matchExpressions:\n    - {key: app, operator: Exists}\n  template:\n    metadata:\n      labels: {app: web}\n',
  },
  'selector-misses-template': {
    ...error,
    summary: 'A controller selects by labels that its own pods do not carry.',
    example:
      'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  selector:\n    matchLabels: {app: web}\n  template:\n    metadata:\n      labels: {app: wbe}\n',
  },
  'invalid-address': {
    ...error,
    summary: 'An address of a workload, service or endpoint is neither an IP address nor what else its field admits.',
    example: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  clusterIP: 10.96.0.300\n  ports: [{port: 80}]\n',
  },
  'duplicate-listener': {
    ...error,
    summary: 'Two listeners of a Gateway have the same name, so that routes cannot tell them apart.',
    example:
      'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: edge\nspec:\n  gatewayClassName: istio\n  listeners:\n  - {name: http, port: 80, protocol: HTTP}\n  - {name: http, port: 8080, protocol: HTTP}\n',
  },
  'inbound-binding': {
    kind: 'finding',
    severity: 'warning',
    summary:
      'The annotation that makes a waypoint of a Gateway of another implementation cannot be read, so that nothing goes through it.',
    example:
      'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: gate\n  annotations: {ambient.istio.io/waypoint-inbound-binding: "15088"}\nspec:\n  gatewayClassName: theirs\n  listeners:\n  - {name: mesh, port: 15088, protocol: istio.io/PROXY}\n',
  },
  'bad-base64': {
    ...error,
    summary: 'The data of a TLS Secret is not base64.',
    example:
      'apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata:\n  name: web-cert\ndata:\n  tls.crt: "-----BEGIN CERTIFICATE-----"\n  tls.key: ""\n',
  },
  'unsupported-listener': {
    ...error,
    summary: 'A listener of a Gateway asks for something that is not built and whose absence would admit more.',
    example:
      'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: edge\nspec:\n  gatewayClassName: istio\n  listeners:\n  - name: https\n    port: 443\n    protocol: HTTPS\n    tls:\n      certificateRefs:\n      - name: web-cert\n      frontendValidation: {}\n',
  },
  'unsupported-route-feature': {
    ...error,
    summary:
      'A route uses a feature that would change path, host or destination and is not built: filters, query parameters, regular expressions, server names at a waypoint.',
    example:
      'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: web\nspec:\n  parentRefs:\n  - name: edge\n  rules:\n  - filters:\n    - type: RequestRedirect\n',
  },
  'route-path': {
    ...error,
    summary: 'A path that a route matches does not start with `/`.',
    example:
      'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: web\nspec:\n  rules:\n  - matches:\n    - path: {type: Exact, value: info}\n',
  },
  'route-hostname': {
    ...error,
    summary: 'A host name of a TLSRoute is no DNS name, so that no client can ask for it.',
    example:
      'apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TLSRoute\nmetadata:\n  name: web\nspec:\n  parentRefs: [{name: edge}]\n  hostnames: ["https://web.example"]\n  rules: []\n',
  },
  'mesh-trust-domain': {
    ...error,
    summary: 'A trust domain of MeshConfig is not a DNS name; it becomes part of every identity.',
    example:
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: istio\n  namespace: istio-system\ndata:\n  mesh: |\n    trustDomain: spiffe://corp.example\n',
  },
  'mesh-provider': {
    ...error,
    summary: 'An extension provider of MeshConfig has a name that policies cannot refer to, or the name of another one.',
    example:
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: istio\n  namespace: istio-system\ndata:\n  mesh: |\n    extensionProviders:\n    - name: Opa Server\n      envoyExtAuthzGrpc: {service: opa.opa.svc.cluster.local, port: 9191}\n',
  },
  'mesh-provider-setting': {
    ...error,
    summary: 'A setting of an external authorizer cannot work: its service, status, time to wait, path or a header.',
    example:
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: istio\n  namespace: istio-system\ndata:\n  mesh: |\n    extensionProviders:\n    - name: opa\n      envoyExtAuthzGrpc: {service: opa.opa.svc.cluster.local, port: 9191, statusOnError: forbidden}\n',
  },
  'mesh-config-duplicate': {
    ...error,
    summary: 'MeshConfig is declared more than once.',
    example:
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: istio\n  namespace: istio-system\ndata:\n  mesh: |\n    trustDomain: a.example\n    ---\n    trustDomain: b.example\n',
  },
} as const satisfies Record<string, CodeDescription>;
