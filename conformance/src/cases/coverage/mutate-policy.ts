import type { Manifest } from '../case.js';
import { listedKey, negated, operationFields, sourceFields } from './vocabulary.js';

/** One word of a policy, with the policy as it would be if that word always held and if it never did. */
export interface Mutation {
  /** As the coverage report lists it. */
  readonly item: string;
  readonly variants: readonly Manifest[];
}

type Terms = Readonly<Record<string, readonly string[]>>;
interface Rule {
  readonly from?: readonly { readonly source: Terms }[];
  readonly to?: readonly { readonly operation: Terms }[];
  readonly when?: readonly Condition[];
}
interface Condition {
  readonly key: string;
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
}

/** Every field and key of a policy's rules, forced each way. */
export function mutationsOf(manifest: Manifest): readonly Mutation[] {
  const spec = manifest.spec as { readonly rules?: readonly Rule[] };
  return (spec.rules ?? []).flatMap((rule, index) =>
    mutationsOfRule(rule).map(({ item, rules }) => ({
      item,
      variants: rules.map((changed) => ({ ...manifest, spec: { ...spec, rules: spec.rules?.with(index, changed) } })),
    })),
  );
}

interface ChangedRule {
  readonly item: string;
  readonly rules: readonly Rule[];
}

function mutationsOfRule(rule: Rule): readonly ChangedRule[] {
  const { from = [], to = [], when = [] } = rule;
  return [
    ...from.flatMap(({ source }, at) =>
      changesOf(source, sourceFields).map(({ item, terms }) => ({
        item,
        rules: terms.map((each) => ({ ...rule, from: from.with(at, { source: each }) })),
      })),
    ),
    ...to.flatMap(({ operation }, at) =>
      changesOf(operation, operationFields).map(({ item, terms }) => ({
        item,
        rules: terms.map((each) => ({ ...rule, to: to.with(at, { operation: each }) })),
      })),
    ),
    ...when.flatMap((condition, at) =>
      changesOfCondition(condition).map(({ item, conditions }) => ({
        item,
        rules: conditions.map((each) => ({ ...rule, when: when.with(at, each) })),
      })),
    ),
  ];
}

function changesOf(terms: Terms, fields: readonly string[]): readonly { item: string; terms: readonly Terms[] }[] {
  return fields.flatMap((field) => {
    const not = negated(field);
    const none = [unmatched(field)];
    const { [field]: is, [not]: isNot, ...others } = terms;
    const holds = isNot ?? none;
    return [
      ...(is === undefined
        ? []
        : [
            {
              item: field,
              terms: [
                { ...others, [not]: holds },
                { ...terms, [field]: none },
              ],
            },
          ]),
      ...(isNot === undefined
        ? []
        : [
            {
              item: not,
              terms: [
                { ...terms, [not]: none },
                { ...others, [field]: none },
              ],
            },
          ]),
    ];
  });
}

function changesOfCondition(condition: Condition): readonly { item: string; conditions: readonly Condition[] }[] {
  const { key, values, notValues } = condition;
  const none = [unmatched(key)];
  const always = { key, notValues: notValues ?? none };
  return [
    ...(values === undefined ? [] : [{ item: `${listedKey(key)} values`, conditions: [always, { ...condition, values: none }] }]),
    ...(notValues === undefined
      ? []
      : [
          {
            item: `${listedKey(key)} notValues`,
            conditions: [
              { ...condition, notValues: none },
              { key, values: none },
            ],
          },
        ]),
  ];
}

/** A value that nothing in any case has. */
function unmatched(name: string): string {
  if (['ipBlocks', 'remoteIpBlocks', 'source.ip', 'remote.ip', 'destination.ip'].includes(name)) return '192.0.2.255';
  if (['ports', 'destination.port'].includes(name)) return '65535';
  return name === 'paths' ? '/never' : 'never';
}
