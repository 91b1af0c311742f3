import type { AuthorizationPolicy, Entry, OperationField, Rule, SourceField, Span, Term } from '@sallyport/policy';
import type { BenchPolicy, BenchRule } from './bench-policy.js';

/** The most rules that one policy may have is 512. */
const rulesPerPolicy = 500;

const sourceFields = [
  ['principals', 'principals', false],
  ['namespaces', 'namespaces', false],
  ['notNamespaces', 'namespaces', true],
  ['ipBlocks', 'ipBlocks', false],
] as const satisfies readonly (readonly [keyof BenchRule, SourceField, boolean])[];

const operationFields = [
  ['ports', 'ports', false],
  ['methods', 'methods', false],
  ['paths', 'paths', false],
] as const satisfies readonly (readonly [keyof BenchRule, OperationField, boolean])[];

/**
 * The policies as loading their manifests would give them, without the minutes that a hundred thousand rules of YAML take (a test compares the
 * two). At a ztunnel they select the workload `app`, at a waypoint they target the service `app`.
 */
export function modelPolicies(policies: readonly BenchPolicy[], layer: 'ztunnel' | 'waypoint'): AuthorizationPolicy[] {
  return (['DENY', 'ALLOW'] as const).flatMap((action) => {
    const rules = policies.filter((policy) => policy.action === action).flatMap((policy) => policy.rules);
    const count = Math.ceil(rules.length / rulesPerPolicy);
    return Array.from({ length: count }, (_, index) =>
      modelPolicy(
        `${action.toLowerCase()}-${index}`,
        action,
        layer,
        rules.slice(index * rulesPerPolicy, (index + 1) * rulesPerPolicy),
      ),
    );
  });
}

function modelPolicy(
  name: string,
  action: AuthorizationPolicy['action'],
  layer: 'ztunnel' | 'waypoint',
  rules: readonly BenchRule[],
): AuthorizationPolicy {
  const span = spanAt(`${name}.yaml`, 1);
  return {
    kind: 'AuthorizationPolicy',
    apiVersion: 'security.istio.io/v1',
    metadata: { name, namespace: 'bench', labels: {}, annotations: {}, nameSpan: span, labelSpans: {}, annotationSpans: {} },
    span,
    ...(layer === 'ztunnel' ? { selector: { matchLabels: { app: 'app' }, span } } : {}),
    targetRefs: layer === 'ztunnel' ? [] : [{ group: '', kind: 'Service', name: 'app', span }],
    action,
    dryRun: false,
    rules: rules.map((rule, index) => modelRule(rule, index, spanAt(`${name}.yaml`, 10 + index))),
  };
}

function modelRule(rule: BenchRule, index: number, span: Span): Rule {
  return { index, from: entriesOf(rule, sourceFields, span), to: entriesOf(rule, operationFields, span), when: [], span };
}

function entriesOf<Field extends string>(
  rule: BenchRule,
  fields: readonly (readonly [keyof BenchRule, Field, boolean])[],
  span: Span,
): Entry<Field>[] {
  const terms = fields.flatMap(([list, field, negated]): Term<Field>[] => {
    const values = rule[list];
    return values === undefined ? [] : [{ field, negated, values: values.map((value) => ({ value, span })), span }];
  });
  return terms.length === 0 ? [] : [{ terms, span }];
}

function spanAt(file: string, line: number): Span {
  const start = { line, column: 5, offset: line * 100 };
  return { file, start, end: { line, column: 95, offset: line * 100 + 90 } };
}

/** The mesh around the policies: one workload, its service, and a waypoint for it. */
export const benchMesh = `apiVersion: v1
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
spec: { selector: { app: app }, ports: [{ name: http, port: 9080, targetPort: 8080 }] }`;
