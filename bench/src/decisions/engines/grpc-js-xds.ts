import { Metadata } from '@grpc/grpc-js';
import type { RBAC__Output } from '@grpc/grpc-js-xds/build/src/generated/envoy/config/rbac/v3/RBAC.js';
import { type PermissionInfo, type PrincipalInfo, parseConfig } from '@grpc/grpc-js-xds/build/src/rbac.js';
import { type BenchPolicy, type BenchRule, readPath } from '../bench-policy.js';
import { type PrepareEngine, pathOf } from './engine.js';

type Info = PermissionInfo & PrincipalInfo;

/**
 * The RBAC engine of the gRPC xDS client: an RBAC configuration for the denials and one behind it for the rest, as Istio sends them, parsed by
 * its own `parseConfig`. What the filter asks it is handed ready-made.
 */
export const grpcJsXds: PrepareEngine<Info> = (policies) => {
  const configs = (['DENY', 'ALLOW'] as const)
    .map((action) => configOf(policies, action))
    .filter((config) => config !== undefined);
  return {
    build() {
      const groups = configs.map((config) => parseConfig(config));
      return {
        translate: (question) => {
          const { connection, request } = question;
          const headers = new Metadata();
          headers.set(':method', request?.method ?? '');
          return {
            destinationIp: connection.destinationIp,
            destinationPort: connection.destinationPort,
            sourceIp: connection.sourceIp,
            headers,
            tls: true,
            peerCertificate: { subjectaltname: `URI:${connection.identity}`, subject: nobody },
            urlPath: pathOf(question),
          };
        },
        allows: (info) => groups.every((group) => group.apply(info)),
      };
    },
  };
};

/** A certificate of the mesh has no subject. */
const nobody = { C: '', ST: '', L: '', O: '', OU: '', CN: '' };

function configOf(policies: readonly BenchPolicy[], action: 'ALLOW' | 'DENY'): RBAC__Output | undefined {
  const rules = policies.filter((policy) => policy.action === action).flatMap((policy) => policy.rules);
  if (rules.length === 0) return undefined;
  const named = rules.map((rule, index) => [
    `rule-${index}`,
    { permissions: [permissionOf(rule)], principals: [principalOf(rule)] },
  ]);
  // The messages as protobuf.js gives them to `parseConfig`, without the fields that it never reads.
  return { action, policies: Object.fromEntries(named) } as unknown as RBAC__Output;
}

function permissionOf({ ports, methods, paths }: BenchRule): object {
  return allOf('rule', 'and_rules', 'rules', [
    ...(ports ?? []).map((port) => ({ rule: 'destination_port', destination_port: Number(port) })),
    ...(methods ?? []).map((method) => ({
      rule: 'header',
      header: {
        name: ':method',
        header_match_specifier: 'string_match',
        string_match: match('exact', method),
        invert_match: false,
      },
    })),
    ...(paths ?? []).map((path) => ({ rule: 'url_path', url_path: { path: pathMatch(path) } })),
  ]);
}

function principalOf({ principals, namespaces, notNamespaces, ipBlocks }: BenchRule): object {
  const names = (principals ?? []).map((principal) => authenticated(match('exact', `spiffe://${principal}`)));
  return allOf('identifier', 'and_ids', 'ids', [
    ...(names.length > 1 ? [{ identifier: 'or_ids', or_ids: { ids: names } }] : names),
    ...(namespaces ?? []).map(inNamespace),
    ...(notNamespaces ?? []).map((namespace) => ({ identifier: 'not_id', not_id: inNamespace(namespace) })),
    ...(ipBlocks ?? []).map((block) => ({ identifier: 'direct_remote_ip', direct_remote_ip: range(block) })),
  ]);
}

function allOf(oneof: string, name: string, list: string, parts: readonly object[]): object {
  if (parts.length === 0) return { [oneof]: 'any', any: true };
  return parts.length === 1 ? (parts[0] ?? {}) : { [oneof]: name, [name]: { [list]: parts } };
}

function authenticated(principal_name: object): object {
  return { identifier: 'authenticated', authenticated: { principal_name } };
}

/** As a prefix: cheaper than the expression over the whole identity that Istio makes of a namespace, and the same here. */
function inNamespace(namespace: string): object {
  return authenticated(match('prefix', `spiffe://cluster.local/ns/${namespace}/`));
}

function range(block: string): object {
  const [address_prefix, length] = block.split('/');
  return { address_prefix, prefix_len: { value: Number(length) } };
}

function pathMatch(pattern: string): object {
  const { kind, text } = readPath(pattern);
  return kind === 'template' ? match('safe_regex', text.replaceAll('{**}', '.*').replaceAll('{*}', '[^/]+')) : match(kind, text);
}

function match(kind: 'exact' | 'prefix' | 'suffix' | 'safe_regex', text: string): object {
  return { match_pattern: kind, ignore_case: false, [kind]: kind === 'safe_regex' ? { regex: text } : text };
}
