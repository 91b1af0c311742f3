import type { Manifest } from '../case.js';
import type { Mutation } from './mutate-policy.js';
import { accessFields, listedKey, negated, subjectFields } from './vocabulary.js';

type Words = Readonly<Record<string, unknown>>;

/** Every field, constraint and property of a ServiceRole or ServiceRoleBinding, forced each way. */
export function mutationsOfRole(manifest: Manifest): readonly Mutation[] {
  const spec = manifest.spec as { readonly rules?: readonly Words[]; readonly subjects?: readonly Words[] };
  const inPlace = (list: 'rules' | 'subjects', at: number, words: readonly Words[]) =>
    words.map((each) => ({ ...manifest, spec: { ...spec, [list]: spec[list]?.with(at, each) } }));
  return [
    ...(spec.rules ?? []).flatMap((rule, at) =>
      [...changedFields('rule', rule, accessFields), ...changedConstraints(rule)].map(({ item, words }) => ({
        item,
        variants: inPlace('rules', at, words),
      })),
    ),
    ...(spec.subjects ?? []).flatMap((subject, at) =>
      [...changedFields('subject', subject, subjectFields), ...changedProperties(subject)].map(({ item, words }) => ({
        item,
        variants: inPlace('subjects', at, words.map(anybodyWhereEmpty)),
      })),
    ),
  ];
}

interface Changed {
  readonly item: string;
  readonly words: readonly Words[];
}

function changedFields(where: string, words: Words, fields: readonly string[]): readonly Changed[] {
  return fields.flatMap((field) => {
    const not = negated(field);
    const { [field]: is, [not]: isNot, ...others } = words;
    const kept = isNot === undefined ? {} : { [not]: isNot };
    const never = { [field]: unmatchedField(field) };
    return [
      ...(is === undefined
        ? []
        : [
            {
              item: `${where} ${field}`,
              words: [
                { ...others, ...kept },
                { ...words, ...never },
              ],
            },
          ]),
      ...(isNot === undefined
        ? []
        : [
            { item: `${where} ${not}`, words: [is === undefined ? others : { ...others, [field]: is }, { ...others, ...never }] },
          ]),
    ];
  });
}

function changedConstraints(rule: Words): readonly Changed[] {
  const { constraints = [], ...others } = rule as { readonly constraints?: readonly { readonly key: string }[] };
  return constraints.map((constraint, at) => ({
    item: `constraint ${listedKey(constraint.key)}`,
    words: [
      constraints.length === 1 ? others : { ...rule, constraints: constraints.toSpliced(at, 1) },
      { ...rule, constraints: constraints.with(at, { ...constraint, ...{ values: [unmatched(constraint.key)] } }) },
    ],
  }));
}

function changedProperties(subject: Words): readonly Changed[] {
  const { properties = {}, ...others } = subject as { readonly properties?: Readonly<Record<string, string>> };
  return Object.keys(properties).map((key) => {
    const { [key]: _, ...rest } = properties;
    return {
      item: `property ${listedKey(key)}`,
      words: [
        Object.keys(rest).length === 0 ? others : { ...others, properties: rest },
        { ...others, properties: { ...properties, [key]: unmatched(key) } },
      ],
    };
  });
}

/** A subject with nothing left is nobody; here it has to be whoever the taken word did not hold back. */
function anybodyWhereEmpty(subject: Words): Words {
  const saysNothing = Object.values(subject).every((value) => Array.isArray(value) && value.length === 0);
  return saysNothing ? { user: '*' } : subject;
}

function unmatchedField(field: string): unknown {
  if (field === 'user' || field === 'group') return 'never';
  if (field === 'ips') return ['192.0.2.255'];
  return field === 'ports' ? [65535] : ['never'];
}

function unmatched(key: string): string {
  if (key.endsWith('.ip')) return '192.0.2.255';
  return key === 'destination.port' ? '65535' : 'never';
}
