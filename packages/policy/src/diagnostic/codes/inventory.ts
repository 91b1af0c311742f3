import type { CodeDescription } from './code.js';

function pod(name: string): string {
  return `---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n  labels: {app: ${name}}\nspec: {containers: [{name: main, image: web}]}\n`;
}

/** Codes for references that lead nowhere, and for things that share what should be their own. */
export const inventoryCodes = {
  'target-not-found': {
    kind: 'finding',
    severity: 'error',
    summary: 'A policy targets an object that does not exist, so that no gate enforces it there.',
    example:
      'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n  name: readers\nspec:\n  targetRefs: [{group: "", kind: Service, name: catalogue}]\n',
  },
  'parent-not-found': {
    kind: 'finding',
    severity: 'error',
    summary: 'A route belongs to a Gateway or service that does not exist, so that no gate uses it.',
    example:
      'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: web\nspec:\n  parentRefs: [{name: front}]\n',
  },
  'backend-not-found': {
    kind: 'finding',
    severity: 'error',
    summary: 'A route sends to a service, or to a port of one, that does not exist.',
    example:
      'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: web\nspec:\n  rules:\n  - backendRefs: [{name: catalogue, port: 80}]\n',
  },
  'reference-not-granted': {
    kind: 'finding',
    severity: 'error',
    summary:
      "A Gateway's route, or one of its listeners, refers to an object of another namespace without a ReferenceGrant there: the reference counts for nothing.",
    example:
      'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: front\n  namespace: edge\nspec:\n  gatewayClassName: istio\n  listeners:\n  - name: https\n    port: 443\n    protocol: HTTPS\n    tls: {certificateRefs: [{name: front-cert, namespace: shop}]}\n',
  },
  'certificate-not-found': {
    kind: 'finding',
    severity: 'error',
    summary: 'A listener names a Secret that does not exist or holds no certificate and key.',
    example:
      'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: front\nspec:\n  gatewayClassName: istio\n  listeners:\n  - name: https\n    port: 443\n    protocol: HTTPS\n    tls: {certificateRefs: [{name: front-cert}]}\n',
  },
  'duplicate-address': {
    kind: 'finding',
    severity: 'error',
    summary: 'Two workloads or services declare the same address, which can lead to one of them only.',
    example: `${pod('web')}status: {podIP: 10.0.0.7}\n${pod('cache')}status: {podIP: 10.0.0.7}\n`,
  },
  'duplicate-workload': {
    kind: 'finding',
    severity: 'error',
    summary: 'Two objects make a workload of the same name in one namespace; the second is run under a longer one.',
    example: `${pod('web')}---\napiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata:\n  name: web\nspec:\n  address: 10.0.0.9\n`,
  },
  'unresolved-target-port': {
    kind: 'finding',
    severity: 'error',
    summary: 'A Service names a target port that none of its workloads has.',
    example: `${pod('web')}---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selector: {app: web}\n  ports: [{port: 80, targetPort: http}]\n`,
  },
} as const satisfies Record<string, CodeDescription>;
