import { type AuthorizationPolicy, loadResources, strict } from '@sallyport/policy';
import { describe, expect, it } from 'vitest';
import { type BenchPolicy, rowsOf } from '../src/decisions/bench-policy.js';
import { type EngineName, engineNames } from '../src/decisions/engines/engine.js';
import { withEngine } from '../src/decisions/engines/index.js';
import type { Traffic } from '../src/decisions/mixes/chance.js';
import { mixes } from '../src/decisions/mixes/index.js';
import { benchMesh, modelPolicies } from '../src/decisions/model-policies.js';
import { type Question, questionsOf } from '../src/decisions/questions.js';

const traffics: readonly Traffic[] = ['recurring', 'never-repeating'];

describe.each(mixes)('mix $name', (mix) => {
  it.each([10, 100, 1000])('has exactly as many matcher rows as it is asked for: %i', (rules) => {
    expect(rowsOf(mix.policies(rules))).toHaveLength(rules);
  });

  it('gives the policies that loading their manifests gives', () => {
    const policies = mix.policies(60);
    const model = modelPolicies(policies, mix.layer);
    const { set, diagnostics } = loadResources(
      [
        { path: 'mesh.yaml', text: benchMesh },
        ...model.map((policy) => ({ path: `${policy.metadata.name}.yaml`, text: manifestOf(policy, policies) })),
      ],
      strict,
    );
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    const loaded = set.resources.filter(({ kind }) => kind === 'AuthorizationPolicy');
    expect(loaded.map(withoutSpans)).toEqual(model.map(withoutSpans));
  });

  it.each(traffics)('is answered by every engine as it was made to be, about half of it allowed: %s', async (traffic) => {
    const rules = 60;
    const questions = take(questionsOf(mix, rules, traffic), 400);
    const right = questions.map(({ effect }) => effect === 'allow');
    const allowed = right.filter((answer) => answer).length;
    expect(allowed).toBeGreaterThan(120);
    expect(allowed).toBeLessThan(280);
    for (const engine of engineNames) expect(await answersOf(engine, mix, rules, questions), engine).toEqual(right);
  });

  it('gives the same questions to whoever asks again', () => {
    for (const traffic of traffics) {
      expect(take(questionsOf(mix, 60, traffic), 50)).toEqual(take(questionsOf(mix, 60, traffic), 50));
    }
  });

  it('repeats what recurs, and never what is not to', () => {
    const distinct = (traffic: Traffic) => new Set(take(questionsOf(mix, 100, traffic), 5000).map(contentOf)).size;
    expect(distinct('recurring')).toBeLessThanOrEqual(1024);
    // IPv4 blocks have only so many addresses, and what is denied for its method or place alone may come again.
    expect(distinct('never-repeating')).toBeGreaterThan(3500);
  });
});

function answersOf(
  engine: EngineName,
  mix: (typeof mixes)[number],
  rules: number,
  questions: readonly Question[],
): Promise<boolean[]> {
  return withEngine(engine, async (prepare) => {
    const decider = await prepare(mix.policies(rules), mix.layer).build();
    return questions.map((question) => decider.allows(decider.translate(question)));
  });
}

function take<Value>(next: () => Value, count: number): Value[] {
  return Array.from({ length: count }, () => next());
}

function contentOf({ connection, request }: Question): string {
  return `${connection.identity} ${connection.sourceIp} ${connection.destinationPort} ${request?.method} ${request?.path}`;
}

/** The manifest of a policy, written from what the mix gave, not from the model. */
function manifestOf({ metadata, action, selector }: AuthorizationPolicy, policies: readonly BenchPolicy[]): string {
  const rules = policies.filter((policy) => policy.action === action).flatMap((policy) => policy.rules);
  const spec = {
    action,
    ...(selector === undefined
      ? { targetRefs: [{ kind: 'Service', group: '', name: 'app' }] }
      : { selector: { matchLabels: { app: 'app' } } }),
    rules: rules.map(({ ports, methods, paths, ...source }) => {
      const operation = { ...(ports && { ports }), ...(methods && { methods }), ...(paths && { paths }) };
      return {
        ...(Object.keys(source).length === 0 ? {} : { from: [{ source }] }),
        ...(Object.keys(operation).length === 0 ? {} : { to: [{ operation }] }),
      };
    }),
  };
  const { name, namespace } = metadata;
  return JSON.stringify({ apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name, namespace }, spec });
}

function withoutSpans(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, member) => (/^(span|nameSpan|labelSpans|annotationSpans)$/.test(key) ? undefined : member)),
  );
}
