import type { GateBinding } from '../../bind/binding.js';
import { expandTrustDomains } from '../../legacy/trust-domains.js';
import { expandPrincipal } from '../../reference/trust-domain-aliases.js';
import type { OperationField, SourceField, SubjectField } from '../../resource/model/index.js';

/** Everything that the policies or roles of a gate ask for, by attribute; what they call it is what the other generation would call it. */
export type Patterns = ReadonlyMap<string, ReadonlySet<string>>;

const subjectKeys: Readonly<Record<SubjectField, string>> = {
  user: 'source.principal',
  names: 'source.principal',
  group: 'request.auth.claims[groups]',
  groups: 'request.auth.claims[groups]',
  namespaces: 'source.namespace',
  ips: 'source.ip',
};

const fieldKeys: Readonly<Record<SourceField | OperationField | 'hosts', string>> = {
  principals: 'source.principal',
  requestPrincipals: 'request.auth.principal',
  namespaces: 'source.namespace',
  serviceAccounts: 'source.serviceAccount',
  trustDomains: 'source.trustDomain',
  ipBlocks: 'source.ip',
  remoteIpBlocks: 'remote.ip',
  hosts: ':authority',
  ports: 'destination.port',
  methods: ':method',
  paths: ':path',
};

/** The patterns of the gates before and after, joined. */
export function patternsOf(bindings: readonly GateBinding[], trustDomains: readonly string[]): Patterns {
  const patterns = new Map<string, Set<string>>();
  const add = (key: string, values: readonly { readonly value: string }[]) => {
    const name = nameOf(key);
    const known = patterns.get(name) ?? new Set();
    patterns.set(name, known);
    for (const { value } of values) for (const each of meanings(name, value, trustDomains)) known.add(each);
  };
  for (const binding of bindings) {
    collectRoles(binding, add);
    collectPolicies(binding, add);
  }
  return patterns;
}

type Add = (key: string, values: readonly { readonly value: string }[]) => void;

function collectRoles({ roles }: GateBinding, add: Add): void {
  for (const { rules, bindings } of roles.flatMap((scope) => scope.roles)) {
    for (const rule of rules) {
      for (const { field, values } of rule.terms) add(fieldKeys[field], values);
      for (const { key, values } of rule.constraints) add(key.value, values);
    }
    for (const subject of bindings.flatMap(({ subjects }) => subjects)) {
      for (const { field, values } of subject.terms) add(subjectKeys[field], values);
      for (const { key, value } of subject.properties) add(key.value, [value]);
    }
  }
}

function collectPolicies({ policies }: GateBinding, add: Add): void {
  for (const rule of policies.flatMap(({ policy }) => policy.rules)) {
    for (const entry of [...rule.from, ...rule.to]) for (const { field, values } of entry.terms) add(fieldKeys[field], values);
    for (const { key, values, notValues } of rule.when) add(key.value, [...values, ...notValues]);
  }
}

/** `request.headers[:path]` and `:path` are one, and so are all spellings of a header's name. */
function nameOf(key: string): string {
  if (key === 'source.user') return 'source.principal';
  const header = key.startsWith('request.headers[') && key.endsWith(']') ? key.slice('request.headers['.length, -1) : undefined;
  if (header === undefined) return key;
  const lower = header.toLowerCase();
  if (lower === 'host') return ':authority';
  return lower.startsWith(':') ? lower : `request.headers[${lower}]`;
}

function meanings(name: string, value: string, trustDomains: readonly string[]): readonly string[] {
  if (name !== 'source.principal') return [value];
  return [value, ...expandTrustDomains(value, trustDomains), ...expandPrincipal(value, trustDomains)];
}
