import type { Diagnostic } from '../diagnostic/diagnostic.js';
import type { Inventory } from '../inventory/inventory.js';
import { needsHttp } from '../legacy/permission.js';
import type { Gate } from './gate.js';

/** Rules that look at HTTP for a service that no waypoint serves: its ztunnel denies what they grant (legacy reference section 2.9). */
export function closedForHttp({ dialect }: Inventory, gates: readonly Gate[]): readonly Diagnostic[] {
  return gates.flatMap(({ binding }) => {
    if (binding.gate !== 'ztunnel') return [];
    return binding.roles
      .filter(({ judgedBefore }) => judgedBefore === undefined || judgedBefore.size === 0)
      .flatMap(({ roles, destination }) =>
        roles.flatMap(({ role, rules }) =>
          rules
            .filter((rule) => needsHttp(rule, { dialect: dialect.name }))
            .map(
              ({ span, index }): Diagnostic => ({
                code: 'migrate-needs-waypoint',
                kind: 'finding',
                severity: 'warning',
                message: `rule ${index} of \`${role.metadata.name}\` looks at HTTP, and \`${destination.host}\` has no waypoint: it grants nothing`,
                span,
                hint: 'give the service a waypoint before you migrate: label it `istio.io/use-waypoint`',
              }),
            ),
        ),
      );
  });
}
