import type { FindingContext } from '../finding-context.js';
import { qualifiedName } from '../walk/gate-view.js';

/** A property `source.principal: "*"`: it looks as if it asked for an identity, and means anyone, without one too (legacy reference section 2.8). */
export function roleForAnyone(context: FindingContext): void {
  for (const { metadata, subjects } of context.inventory.serviceRoleBindings) {
    for (const { key, value } of subjects.flatMap(({ properties }) => properties)) {
      if (key.value !== 'source.principal' || value.value !== '*') continue;
      const message = `binding \`${qualifiedName(metadata)}\` admits anyone: \`source.principal: "*"\` holds without an identity too`;
      context.report('role-for-anyone', value.span, message, {
        hint: 'write `allAuthenticatedUsers` for anyone with an identity, or `user: "*"` to say so plainly',
      });
    }
  }
}
