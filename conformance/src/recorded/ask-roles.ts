import {
  type ConnectionAttributes,
  type DynamicMetadata,
  type Inventory,
  type PolicyReference,
  type RequestAttributes,
  type RoleDestination,
  roleDecider,
  type Verdict,
} from '@sallyport/policy';
import type { RoleQuery, RoleTarget } from './recorded-case.js';

/** What an engine says to a query of the older generation. */
export interface RoleAnswer {
  /** Whether RBAC is on for the destination at all. */
  readonly governed: boolean;
  readonly effect: 'allow' | 'deny';
  /** Of a denied request. */
  readonly status?: number;
  /** The role that grants it, the first by name. */
  readonly policy?: string;
  readonly shadow?: { readonly result: 'allowed' | 'denied'; readonly policy?: string };
  /** The role for which the gate cannot be configured, and why. */
  readonly refused?: { readonly role: string; readonly detail: string };
  readonly reason: string;
}

/** Asks the gate that stands where the recorded sidecar stood. */
export function askRoles(inventory: Inventory, query: RoleQuery): RoleAnswer {
  const decider = roleDecider(inventory, destinationOf(query.destination));
  const connection = connectionOf(query);
  const governed = decider.scope !== undefined || decider.policies.length > 0;
  const verdict =
    query.request === undefined ? decider.connection(connection) : decider.request(connection, requestOf(query.request));
  return answerOf(verdict, governed, query.request !== undefined);
}

/** Whether a gate could be configured for a destination; `undefined` if so, else the role that prevents it. */
export function refusedRole(inventory: Inventory, target: RoleTarget, gate: RoleQuery['gate']): RoleAnswer['refused'] {
  const decider = roleDecider(inventory, destinationOf(target));
  const connection = { sourceIp: '127.0.0.1', destinationIp: '127.0.0.2', destinationPort: 80 };
  const request = { method: 'GET', path: '/', authority: 'a', headers: [], httpVersion: 1 } as const;
  const verdict = gate === 'sidecar-tcp' ? decider.connection(connection) : decider.request(connection, request);
  return refusalOf(verdict);
}

function answerOf(verdict: Verdict, governed: boolean, isHttp: boolean): RoleAnswer {
  const { effect, reason, policy, dryRun } = verdict;
  const refused = refusalOf(verdict);
  return {
    governed,
    effect,
    reason,
    ...(isHttp && effect === 'deny' ? { status: verdict.status ?? 403 } : {}),
    ...(effect === 'allow' && policy !== undefined ? { policy: recordedName(policy) } : {}),
    ...(dryRun === undefined
      ? {}
      : {
          shadow: {
            result: dryRun.effect === 'allow' ? 'allowed' : 'denied',
            ...(dryRun.policy && { policy: dryRun.policy.name }),
          },
        }),
    ...(refused === undefined ? {} : { refused }),
  };
}

/** A role by its name; a policy that took its place by the name of its rule in Envoy. */
function recordedName({ kind, namespace, name, rule }: PolicyReference): string {
  return kind === 'AuthorizationPolicy' ? `ns[${namespace}]-policy[${name}]-rule[${rule}]` : name;
}

function refusalOf({ reason, policy, detail }: Verdict): RoleAnswer['refused'] {
  if (reason !== 'unsupported-policy' || policy?.kind !== 'ServiceRole') return undefined;
  return { role: `${policy.namespace}/${policy.name}`, detail: detail ?? '' };
}

function destinationOf({ host, namespace, labels, serviceAccount }: RoleTarget): RoleDestination {
  return { host, namespace, labels, account: serviceAccount };
}

/** The record's metadata is what the filter really saw, and says more than the names beside it. */
function connectionOf({ source, destination, dynamicMetadata, request }: RoleQuery): ConnectionAttributes {
  const metadata: DynamicMetadata = { istio_authn: {}, ...dynamicMetadata };
  const names = request === undefined ? peerNames(source) : undefined;
  return {
    sourceIp: source.ip,
    destinationIp: destination.ip,
    destinationPort: destination.port,
    metadata,
    ...(source.sni === undefined ? {} : { sni: source.sni }),
    ...(names === undefined ? {} : { peerNames: names }),
  };
}

function peerNames({ tls, certificate }: RoleQuery['source']): readonly string[] | undefined {
  if (tls !== true) return undefined;
  if (certificate === undefined || certificate === null) return [''];
  return [...certificate.uriSans, ...(certificate.dnsSans ?? []), certificate.subject];
}

function requestOf({ method, path, host, headers }: NonNullable<RoleQuery['request']>): RequestAttributes {
  return { method, path, authority: host, headers, httpVersion: 1 };
}
