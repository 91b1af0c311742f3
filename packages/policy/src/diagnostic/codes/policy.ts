import type { CodeDescription } from './code.js';

const error = { kind: 'invalid', severity: 'error' } as const;
const warning = { kind: 'finding', severity: 'warning' } as const;

function object(kind: string, spec: string, annotations = ''): string {
  return `apiVersion: security.istio.io/v1\nkind: ${kind}\nmetadata:\n  name: p\n${annotations}spec:\n${spec}`;
}

function policy(spec: string, annotations?: string): string {
  return object('AuthorizationPolicy', spec, annotations);
}

function source(fields: string): string {
  return policy(`  rules:\n  - from:\n    - source: {${fields}}\n`);
}

function operation(fields: string): string {
  return policy(`  rules:\n  - to:\n    - operation: {${fields}}\n`);
}

function condition(fields: string): string {
  return policy(`  rules:\n  - when:\n    - {${fields}}\n`);
}

/** Codes for AuthorizationPolicy, PeerAuthentication and RequestAuthentication. */
export const policyCodes = {
  'selector-and-target': {
    ...error,
    summary: 'A policy attaches in two ways at once: by selector and by target.',
    example: policy('  selector:\n    matchLabels: {app: web}\n  targetRefs:\n  - {kind: Service, group: "", name: web}\n'),
  },
  'selector-label': {
    ...error,
    summary: 'A label of a selector has an empty key, a wildcard, or a value that no object can carry.',
    example: policy('  selector:\n    matchLabels: {app: web*}\n'),
  },
  'selector-without-labels': {
    ...warning,
    summary:
      'A selector has no labels: in `strict` it means the whole namespace, upstream a ztunnel does not enforce the policy.',
    example: policy('  selector: {}\n'),
  },
  'target-ref': {
    ...error,
    summary: 'A target has an empty or endless name, or is in another namespace.',
    example: policy('  targetRefs:\n  - {kind: Service, group: "", name: web, namespace: other}\n'),
  },
  'target-kind': {
    ...error,
    summary: 'A policy targets a kind that it cannot attach to, or names the wrong group for it.',
    example: policy('  targetRefs:\n  - {kind: Gateway, group: "", name: waypoint}\n'),
  },
  'action-without-rules': {
    ...error,
    summary: 'A DENY or CUSTOM policy without rules never does anything.',
    example: policy('  action: DENY\n'),
  },
  'custom-without-provider': {
    ...error,
    summary: 'A CUSTOM policy does not say which extension provider to ask.',
    example: policy('  action: CUSTOM\n  rules: [{}]\n'),
  },
  'provider-without-custom': {
    ...error,
    summary: 'A policy whose action is not CUSTOM names an extension provider.',
    example: policy('  provider: {name: opa}\n'),
  },
  'custom-identity': {
    ...error,
    summary: 'A CUSTOM policy looks at an identity or a token, which are evaluated only after the provider was asked.',
    example: policy('  action: CUSTOM\n  provider: {name: opa}\n  rules:\n  - from:\n    - source: {namespaces: [shop]}\n'),
  },
  'empty-entry': {
    ...error,
    summary: 'An entry of `from` or `to` says nothing.',
    example: source(''),
  },
  'empty-list': {
    ...error,
    summary:
      'A list that narrows something down is empty, which makes a rule, a role or an attachment as wide as without it. Only `strict` refuses it.',
    example: source('namespaces: [shop], principals: []'),
  },
  'empty-value': {
    ...error,
    summary: 'A list holds an empty string, which matches nothing.',
    example: source('principals: [""]'),
  },
  'service-accounts-mixed': {
    ...error,
    summary: 'One source has both service accounts and principals or namespaces.',
    example: source('serviceAccounts: [web], namespaces: [shop]'),
  },
  'invalid-service-account': {
    ...error,
    summary: 'A service account is not `NAME` or `NAMESPACE/NAME`, has a wildcard, or there are too many of them.',
    example: source('serviceAccounts: ["shop/*"]'),
  },
  'invalid-ip-block': {
    ...error,
    summary: 'A value is not an IP address or CIDR prefix.',
    example: source('ipBlocks: ["10.0.0.0/08"]'),
  },
  'ip-block-zone': {
    ...error,
    summary: 'An address has a zone, which no gate can compare. Only `strict` refuses it: upstream drops the value.',
    example: source('ipBlocks: ["fe80::1%eth0"]'),
  },
  'invalid-trust-domain': {
    ...error,
    summary: 'A trust domain has a `/`, or a `*` other than one at its beginning or end.',
    example: source('trustDomains: ["*.corp.*"]'),
  },
  'invalid-port': {
    ...error,
    summary: 'A port of a policy is not a decimal number up to 65535.',
    example: operation('ports: ["8000-8080"]'),
  },
  'invalid-path-template': {
    ...error,
    summary:
      'A path has braces that are not `{*}` or `{**}` as a whole segment, or a template has a segment that no path can have.',
    example: operation('paths: ["/users/{id}"]'),
  },
  'relative-path-template': {
    ...error,
    summary:
      'A path template does not start with `/`. Only `strict` refuses it: upstream it freezes the waypoint on its last good state.',
    example: operation('paths: ["users/{*}"]'),
  },
  'condition-without-values': {
    ...error,
    summary: 'A condition has neither values nor notValues.',
    example: condition('key: source.ip'),
  },
  'condition-key': {
    ...error,
    summary: 'A condition looks at an attribute that does not exist.',
    example: condition('key: request.method, values: [GET]'),
  },
  'condition-key-near-miss': {
    ...error,
    summary: 'The key of a condition passes upstream and then denies everything or never matches. Only `strict` refuses it.',
    example: condition('key: "request.headersX[x-team]", values: [web]'),
  },
  'dry-run-value': {
    ...error,
    summary: 'The dry-run annotation is not a boolean.',
    example: policy('  rules: [{}]\n', '  annotations: {istio.io/dry-run: "yes"}\n'),
  },
  'dry-run-action': {
    ...error,
    summary: 'The dry-run annotation stands on a policy that is neither ALLOW nor DENY.',
    example: policy('  action: AUDIT\n', '  annotations: {istio.io/dry-run: "true"}\n'),
  },
  'deny-closes-tcp': {
    ...warning,
    summary: 'A DENY rule looks at HTTP only; at an Envoy it denies every connection to TCP ports in its scope.',
    example: policy(
      '  action: DENY\n  targetRefs:\n  - {kind: Service, group: "", name: web}\n  rules:\n  - to:\n    - operation: {methods: [DELETE]}\n',
    ),
  },
  'port-level-without-selector': {
    ...error,
    summary: 'A PeerAuthentication without selector sets modes for single ports.',
    example: object('PeerAuthentication', '  portLevelMtls:\n    "8080": {mode: STRICT}\n'),
  },
  'port-level-mtls': {
    ...error,
    summary: '`portLevelMtls` is empty, or one of its keys is not a port.',
    example: object(
      'PeerAuthentication',
      '  selector:\n    matchLabels: {app: web}\n  portLevelMtls:\n    "0": {mode: STRICT}\n',
    ),
  },
  'jwt-rule': {
    ...error,
    summary: 'A JWT rule lacks an issuer, or its keys, locations, output headers or timeout are malformed.',
    example: object(
      'RequestAuthentication',
      '  jwtRules:\n  - issuer: https://login.example\n    jwksUri: ftp://login.example/keys\n',
    ),
  },
  'jwt-output-header': {
    ...error,
    summary:
      'A claim or payload is to go into a header that frames or routes the request, or by which gates say whom they speak for. Only `strict` refuses it.',
    example: object(
      'RequestAuthentication',
      '  jwtRules:\n  - issuer: https://login.example\n    outputClaimToHeaders: [{header: Host, claim: sub}]\n',
    ),
  },
  'service-entry': {
    ...error,
    summary: 'Hosts or endpoints of a ServiceEntry are ambiguous.',
    example:
      'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata:\n  name: db\nspec:\n  hosts: [db.example]\n  resolution: STATIC\n  endpoints: [{address: 10.1.0.7}]\n  workloadSelector: {labels: {app: db}}\n',
  },
} as const satisfies Record<string, CodeDescription>;
