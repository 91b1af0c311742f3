import type { CodeDescription } from './code.js';

const error = { kind: 'invalid', severity: 'error' } as const;
const warning = { kind: 'finding', severity: 'warning' } as const;

function object(kind: string, spec: string, name = 'r'): string {
  return `apiVersion: rbac.istio.io/v1alpha1\nkind: ${kind}\nmetadata:\n  name: ${name}\nspec:\n${spec}`;
}

function role(rule: string): string {
  return object('ServiceRole', `  rules:\n  - ${rule}\n`);
}

const service = `apiVersion: v1
kind: Namespace
metadata:
  name: default
  labels: {istio.io/dataplane-mode: ambient}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]
---
`;

const switchedOn = `${object('ClusterRbacConfig', '  mode: "ON"\n', 'default')}---\n`;

const reference = '  roleRef: {kind: ServiceRole, name: r}\n';

function binding(subject: string, rest = reference): string {
  return object('ServiceRoleBinding', `  subjects:\n  - ${subject}\n${rest}`);
}

/** Codes for the older generation: ClusterRbacConfig, RbacConfig, ServiceRole, ServiceRoleBinding. */
export const rbacCodes = {
  'rbac-config-name': {
    ...error,
    summary: 'A ClusterRbacConfig or RbacConfig is not named `default`, so that it would configure nothing.',
    example: object('ClusterRbacConfig', '  mode: "ON"\n', 'other'),
  },
  'rbac-config-target': {
    ...error,
    summary: 'A mode with inclusion or exclusion does not say what it includes or excludes.',
    example: object('ClusterRbacConfig', '  mode: ON_WITH_INCLUSION\n', 'default'),
  },
  'rbac-includes-nothing': {
    ...warning,
    summary:
      'What a ClusterRbacConfig includes is empty, or can be the name of nothing, so that everything stays open. Only `strict` says so.',
    example: object('ClusterRbacConfig', '  mode: ON_WITH_INCLUSION\n  inclusion: {services: [web]}\n', 'default'),
  },
  'role-without-rules': {
    ...error,
    summary: 'A ServiceRole has no rules.',
    example: object('ServiceRole', '  rules: []\n'),
  },
  'role-field-twice': {
    ...error,
    summary:
      'A field is written in both of its spellings. Only `strict` refuses it: upstream takes the first and drops the other.',
    example: role('{services: ["*"], notPaths: [/a], not_paths: [/b]}'),
  },
  'role-opposite-fields': {
    ...error,
    summary: 'A rule has both methods and their negation, or both ports and their negation.',
    example: role('{services: ["*"], methods: [GET], notMethods: [PUT]}'),
  },
  'role-port': {
    ...error,
    summary: 'A port of a rule is not a number from 1 to 65535.',
    example: role('{services: ["*"], ports: [65536]}'),
  },
  'role-attribute-twice': {
    ...error,
    summary: 'One attribute is written both as a field and as a constraint or property.',
    example: role('{services: ["*"], ports: [80], constraints: [{key: destination.port, values: ["80"]}]}'),
  },
  'constraint-incomplete': {
    ...error,
    summary: 'A constraint has no key or no values.',
    example: role('{services: ["*"], constraints: [{key: destination.ip}]}'),
  },
  'constraint-repeated': {
    ...error,
    summary:
      'One key stands twice among the constraints of a rule. Only `strict` refuses it: upstream keeps the last and drops the others.',
    example: role(
      '{services: ["*"], constraints: [{key: destination.ip, values: [10.0.0.1]}, {key: destination.ip, values: [10.0.0.2]}]}',
    ),
  },
  'role-key': {
    ...error,
    summary:
      'A constraint or property does not exist, stands on the wrong side, or lacks its brackets. Only `strict` refuses it: upstream drops a constraint in silence, so that the role grants more than it says.',
    example: role('{services: ["*"], constraints: [{key: source.namespace, values: [shop]}]}'),
  },
  'role-value': {
    ...error,
    summary:
      'A value of a constraint, property or subject cannot be read, or means something else than it seems. Only `strict` refuses it: upstream drops it in silence.',
    example: role('{services: ["*"], constraints: [{key: destination.port, values: [http]}]}'),
  },
  'binding-without-subjects': {
    ...error,
    summary: 'A ServiceRoleBinding has no subjects.',
    example: object('ServiceRoleBinding', `  subjects: []\n${reference}`),
  },
  'empty-subject': {
    ...error,
    summary: 'A subject of a ServiceRoleBinding says nothing.',
    example: binding('{}'),
  },
  'subject-star': {
    ...error,
    summary: 'A bare `*` stands among the names of a subject.',
    example: binding('{names: ["*"]}'),
  },
  'binding-role': {
    ...error,
    summary: 'A ServiceRoleBinding does not name a ServiceRole, or names it in several ways.',
    example: binding('{user: "*"}', '  roleRef: {kind: ClusterRole, name: r}\n'),
  },
  'binding-without-role-ref': {
    ...error,
    summary:
      'A ServiceRoleBinding has `role` or `actions` in the place of `roleRef`: upstream accepts it and then crashes when it loads it.',
    example: binding('{user: "*"}', '  role: r\n'),
  },
  'role-not-in-force': {
    ...warning,
    summary:
      'A ServiceRole is in force nowhere because RBAC is off, or no longer for some service because AuthorizationPolicies have taken its place.',
    example: `${service}${role('{services: ["*"]}')}---\n${binding('{user: "*"}')}`,
  },
  'role-without-effect': {
    ...warning,
    summary:
      'A ServiceRole without a binding, a binding without its role, or a rule about a service that does not exist: it grants nothing.',
    example: `${service}${switchedOn}${role('{services: [web]}')}---\n${binding('{user: "*"}')}`,
  },
  'role-at-tcp': {
    ...warning,
    summary: 'A rule or subject looks at HTTP and is in force where no gate sees any, so that it grants nothing there.',
    example: `${service}${switchedOn}${role('{services: ["*"], methods: [GET]}')}---\n${binding('{user: "*"}')}`,
  },
  'role-for-anyone': {
    ...warning,
    summary: 'A property `source.principal: "*"` looks as if it asked for an identity, and admits anyone.',
    example: `${switchedOn}${role('{services: ["*"]}')}---\n${binding('{properties: {source.principal: "*"}}')}`,
  },
  'role-refused': {
    ...warning,
    severity: 'error',
    summary: 'A ServiceRole cannot be configured at a gate, as upstream does it: the gate then denies everything.',
    example: '',
    cause:
      'in `upstream` only: a pseudo header among the constraints of a TCP service, or a namespace that makes no regular expression',
  },
} as const satisfies Record<string, CodeDescription>;
