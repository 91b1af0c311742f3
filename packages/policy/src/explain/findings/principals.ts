import type { Text } from '../../diagnostic/span.js';
import type { AuthorizationPolicy, ServiceRoleBinding } from '../../resource/model/index.js';

/** Every principal that a policy writes: `principals`, `notPrincipals`, and values of the `when` key. */
export function principalsOf(policy: AuthorizationPolicy): Text[] {
  return sourceTexts(policy, 'principals', 'source.principal');
}

/** Every value of one source field, negated or not, and of the `when` key that means the same. */
export function sourceTexts(policy: AuthorizationPolicy, field: string, key: string): Text[] {
  return policy.rules.flatMap((rule) => {
    const terms = rule.from.flatMap((entry) => entry.terms).filter((term) => term.field === field);
    const conditions = rule.when.filter((condition) => condition.key.value === key);
    return [
      ...terms.flatMap((term) => term.values),
      ...conditions.flatMap((condition) => [...condition.values, ...condition.notValues]),
    ];
  });
}

/** Every principal that a binding of the older generation writes: `user`, `names` and `notNames`, and the property that means the same. */
export function principalsOfBinding({ subjects }: ServiceRoleBinding): Text[] {
  return subjects.flatMap(({ terms, properties }) => [
    ...terms.filter(({ field }) => field === 'user' || field === 'names').flatMap(({ values }) => values),
    ...properties.filter(({ key }) => key.value === 'source.principal').map(({ value }) => value),
  ]);
}
