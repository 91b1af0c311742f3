import type { Statuses } from '../engine.js';
import type { RecordedStatus, RecordedStatuses } from './recorded-statuses.js';

type Condition = RecordedStatus['conditions'][number];

/** What is wrong with the statuses of one mesh, for each object that either side has: no lines where both agree. */
export function judgeStatuses(
  entry: RecordedStatuses,
  answer: Statuses,
): readonly { readonly object: string; readonly lines: readonly string[] }[] {
  const written = new Map(answer.statuses.map((status) => [keyOf(status), status]));
  const rejected = entry.rejected ?? [];
  const recorded = new Set([...entry.statuses, ...rejected].map(keyOf));
  const unknown = [...written.keys()].filter((key) => !recorded.has(key));
  return [
    ...entry.statuses.map((status) => ({ object: keyOf(status), lines: compare(status, written.get(keyOf(status))) })),
    ...rejected.map((object) => ({
      object: keyOf(object),
      lines: written.has(keyOf(object)) || answer.refused.length === 0 ? ['expected that it is refused'] : [],
    })),
    ...unknown.map((object) => ({ object, lines: ['has a status, and the record knows no such object'] })),
  ];
}

function keyOf({ kind, namespace, name }: { readonly kind: string; readonly namespace: string; readonly name: string }): string {
  return `${kind} ${namespace}/${name}`;
}

function compare(recorded: RecordedStatus, written: RecordedStatus | undefined): readonly string[] {
  if (written === undefined) return ['expected a status, and there is no such object'];
  const types = new Set([...recorded.conditions, ...written.conditions].map(({ type }) => type));
  return [...types].flatMap((type) => compareType(type, recorded.conditions, written.conditions));
}

function compareType(type: string, recorded: readonly Condition[], written: readonly Condition[]): readonly string[] {
  const like = recorded.find((condition) => condition.type === type);
  const textsOf = (conditions: readonly Condition[]) =>
    conditions.filter((condition) => condition.type === type).map((condition) => textOf(condition, like ?? condition));
  const expected = textsOf(recorded).join('\n') || `no ${type}`;
  const got = textsOf(written).join('\n') || `no ${type}`;
  return expected === got ? [] : [`expected ${expected}`, `got ${got}`];
}

/** A condition in words. Who wrote it, and of which generation, only where the record says so. */
function textOf(condition: Condition, recorded: Condition): string {
  const { type, status, reason, message = '' } = condition;
  const by = recorded.fieldManager === undefined ? '' : ` by ${condition.fieldManager}`;
  const of = recorded.observedGeneration === undefined ? '' : ` of generation ${condition.observedGeneration}`;
  return `${type}=${status} ${reason}${by}${of}: ${message}`;
}
