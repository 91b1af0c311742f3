import type { BoundRole, RoleScope } from '../bind/roles/role-scope.js';
import { readAddress } from './facts/read-address.js';
import type { Numbers } from './numbers.js';

/**
 * Equal for scopes that come to the same, whatever they are asked. Of a destination only its name is in verdicts: its labels and account have chosen the
 * rules, and its address counts where a role asks for it, or where it is none.
 */
export function scopeSignature(scope: RoleScope, numbers: Numbers): string {
  const { destination, config, permissive, roles, ports, judgedBefore } = scope;
  const asksAddress = roles.some(asksDestinationAddress);
  return JSON.stringify([
    destination.host,
    destination.namespace,
    numbers.of(config),
    permissive,
    roles.map(({ role, rules, bindings }) => [
      numbers.of(role),
      rules.map(({ index }) => index),
      bindings.map((binding) => numbers.of(binding)),
    ]),
    ports && [...ports].map(([asked, { ip, port }]) => [asked, port, asksAddress || readAddress(ip) === undefined ? ip : '']),
    judgedBefore && [...judgedBefore],
  ]);
}

function asksDestinationAddress({ rules }: BoundRole): boolean {
  return rules.some(({ constraints }) => constraints.some(({ key }) => key.value === 'destination.ip'));
}
