import type { DialectName } from '@sallyport/policy';
import type { Case, CaseQuery, Expectation, Manifest } from '../case.js';
import type { CaseEngine } from '../engine.js';
import { type Mutation, mutationsOf } from './mutate-policy.js';
import { mutationsOfRole } from './mutate-roles.js';

/** How many queries allow and how many deny by each word of the language. */
export type Coverage = ReadonlyMap<string, { readonly allow: number; readonly deny: number }>;

/**
 * Counts, for each word, the answers that hang on it. A field or key is counted where forcing it to hold, or not to hold, turns
 * the answer over; an action where a policy of it decided, or stood in the way and did not match; a layer and an attachment
 * where it was asked. Each query counts once for a word, whatever the number of dialects. A field or key of which `enough`
 * queries allow and deny is counted no further.
 */
export function measureCoverage(engine: CaseEngine, cases: readonly Case[], enough = Number.POSITIVE_INFINITY): Coverage {
  const seen = new Map<string, { allow: number; deny: number }>();
  const isOpen = (item: string) => {
    const { allow, deny } = seen.get(item) ?? { allow: 0, deny: 0 };
    return Math.min(allow, deny) < enough;
  };
  for (const each of cases) {
    const found = each.queries.map(() => new Map<string, Expectation['effect']>());
    for (const dialect of ['strict', 'upstream'] as const) measureCase(engine, each, dialect, { found, isOpen });
    for (const items of found) {
      for (const [item, effect] of items) {
        const count = seen.get(item) ?? { allow: 0, deny: 0 };
        count[effect] += 1;
        seen.set(item, count);
      }
    }
  }
  return seen;
}

interface Counting {
  /** By query, what is known to count. */
  readonly found: readonly Map<string, Expectation['effect']>[];
  isOpen(item: string): boolean;
}

function measureCase(engine: CaseEngine, each: Case, dialect: DialectName, counting: Counting): void {
  const { found, isOpen } = counting;
  const asked = each.queries.flatMap((query, index) => (query.expect[dialect] === undefined ? [] : [{ query, index }]));
  if (asked.length === 0) return;
  const world = engine.load(each, dialect);
  const answers = asked.map(({ query, index }) => {
    const answer = world.answer(query);
    const policies = each.manifests.filter((manifest) => answer.enforced.includes(keyOf(manifest)));
    const deciding = policies.find((manifest) => keyOf(manifest).endsWith(`/${answer.policy}`));
    const items = [
      query.layer,
      ...policies.map(actionOf),
      ...(deciding === undefined ? [] : [attachmentOf(deciding, each)]),
      ...each.manifests.flatMap(modeOf),
      ...(answer.reason === 'role-match' || answer.reason === 'no-role-match' ? [`roles at ${query.layer}`] : []),
    ];
    for (const item of items) found[index]?.set(item, answer.effect);
    return { query, index, effect: answer.effect };
  });
  for (const manifest of each.manifests) {
    const mutations = allMutationsOf(manifest).filter(({ item }) => isOpen(item));
    for (const mutation of mutations) measureMutation(engine, each, dialect, { manifest, mutation, answers, found });
  }
}

function allMutationsOf(manifest: Manifest): readonly Mutation[] {
  if (manifest.kind === 'AuthorizationPolicy') return mutationsOf(manifest);
  return manifest.kind === 'ServiceRole' || manifest.kind === 'ServiceRoleBinding' ? mutationsOfRole(manifest) : [];
}

interface Measured {
  readonly manifest: Manifest;
  readonly mutation: Mutation;
  readonly answers: readonly { readonly query: CaseQuery; readonly index: number; readonly effect: Expectation['effect'] }[];
  readonly found: Counting['found'];
}

function measureMutation(engine: CaseEngine, each: Case, dialect: DialectName, measured: Measured): void {
  const { manifest, mutation, answers, found } = measured;
  for (const variant of mutation.variants) {
    const open = answers.filter(({ index }) => !found[index]?.has(mutation.item));
    if (open.length === 0) return;
    const world = engine.load({ ...each, manifests: each.manifests.map((one) => (one === manifest ? variant : one)) }, dialect);
    for (const { query, index, effect } of open) {
      if (world.answer(query).effect !== effect) found[index]?.set(mutation.item, effect);
    }
  }
}

function metadataOf({ metadata }: Manifest): {
  readonly name: string;
  readonly namespace?: string;
  readonly annotations?: object;
} {
  return metadata as { name: string };
}

function keyOf(manifest: Manifest): string {
  const { namespace, name } = metadataOf(manifest);
  return `${manifest.kind}/${namespace}/${name}`;
}

interface Spec {
  readonly action?: string;
  readonly selector?: object;
  readonly targetRefs?: readonly { readonly kind: string }[];
}

function actionOf(manifest: Manifest): string {
  const { action = 'ALLOW' } = manifest.spec as Spec;
  const { annotations = {} } = metadataOf(manifest);
  return 'istio.io/dry-run' in annotations ? `${action} (dry run)` : action;
}

function modeOf({ kind, spec }: Manifest): readonly string[] {
  return kind === 'ClusterRbacConfig' || kind === 'RbacConfig'
    ? [`mode ${(spec as { readonly mode?: string }).mode ?? 'OFF'}`]
    : [];
}

function attachmentOf(manifest: Manifest, { meshConfig }: Case): string {
  const { selector, targetRefs } = manifest.spec as Spec;
  const [target] = targetRefs ?? [];
  if (target !== undefined) return target.kind;
  if (selector !== undefined) return 'selector';
  const root = meshConfig.rootNamespace ?? 'istio-system';
  return metadataOf(manifest).namespace === root ? 'root namespace' : 'namespace';
}
