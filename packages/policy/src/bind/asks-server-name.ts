import type { GateBinding } from './binding.js';

const key = 'connection.sni';

/** Whether anything that a gate enforces looks at the server name of a connection's TLS, so that the gate has to know it. */
export function asksServerName({ policies, roles }: GateBinding): boolean {
  return (
    policies.some(({ policy }) => policy.rules.some((rule) => rule.when.some((condition) => condition.key.value === key))) ||
    roles.some((scope) =>
      scope.roles.some(({ role }) =>
        role.rules.some((rule) => rule.constraints.some((constraint) => constraint.key.value === key)),
      ),
    )
  );
}
