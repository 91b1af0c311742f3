import type { CodeDescription } from './code.js';

const error = { kind: 'finding', severity: 'error', example: '' } as const;
const warning = { kind: 'finding', severity: 'warning', example: '' } as const;

/** Codes for what `migrate` cannot write as an AuthorizationPolicy, or wants to be known. */
export const migrateCodes = {
  'migrate-attribute': {
    ...error,
    summary: 'A field, key or value of a role or binding has no equal in an AuthorizationPolicy.',
    cause: '`sallyport migrate`, on a ServiceRole or ServiceRoleBinding whose effect no AuthorizationPolicy has',
  },
  'migrate-destination': {
    ...error,
    summary: 'No selector or target reference reaches exactly what the roles govern.',
    cause: '`sallyport migrate`, on workloads or services that no selector or target reference tells from others',
  },
  'migrate-unplaced': {
    ...error,
    summary: 'A rule of a ServiceRole is about services or workloads that the manifests do not hold.',
    cause: '`sallyport migrate`, on a rule that concerns nothing in the folder',
  },
  'migrate-without-effect': {
    ...warning,
    summary: 'A role, binding or configuration of the older generation has no effect, so that nothing is written for it.',
    cause: '`sallyport migrate`, on a ServiceRole that nobody is bound to, a binding to no role, or RBAC that is off',
  },
  'migrate-later-services': {
    ...warning,
    summary: 'RBAC was on for services that are yet to come as well: without a policy of their own they are open.',
    cause: '`sallyport migrate`, on RBAC that is on for the mesh, for all but some of it, or for namespaces',
  },
  'migrate-needs-waypoint': {
    ...warning,
    summary: 'A role looks at HTTP where only a ztunnel enforces it, so that it grants nothing, before and after.',
    cause: '`sallyport migrate`, on a role with HTTP fields for a service without a waypoint',
  },
} as const satisfies Record<string, CodeDescription>;
