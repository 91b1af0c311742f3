import type { RoleAnswer } from './ask-roles.js';
import type { RoleQuery } from './recorded-case.js';

/** What is wrong with an answer on the older generation: no lines where it agrees with the record. */
export function judgeRoleAnswer(query: RoleQuery, answer: RoleAnswer): readonly string[] {
  const { expect } = query;
  const wrong = [
    ...differs('effect', expect.effect, answer.effect),
    ...differs('status', expect.effect === 'deny' ? expect.status : undefined, answer.status),
    ...(query.request === undefined || expect.effect === 'deny'
      ? []
      : differs('role', expect.policy ?? 'none', answer.policy ?? 'none')),
    ...differs('filter', expect.filter === 'none' ? 'off' : 'on', answer.governed ? 'on' : 'off'),
    ...differs('tried out', shadowText(expect.shadow), expect.shadow && shadowText(answer.shadow)),
  ];
  if (wrong.length === 0) return [];
  const refused = answer.refused === undefined ? [] : [`role ${answer.refused.role}: ${answer.refused.detail}`];
  return [
    ...wrong,
    `answered: ${answer.reason}`,
    ...refused,
    `asked: ${JSON.stringify({ ...query, id: undefined, expect: undefined })}`,
  ];
}

/** What is wrong with an answer on policies that upstream cannot configure: they have to be refused, by the name of a role. */
export function judgeRefusal(error: string, refused: RoleAnswer['refused']): readonly string[] {
  return refused === undefined ? ['expected a role to be refused by name', `upstream: ${error}`] : [];
}

function differs(what: string, expected: string | number | undefined, got: string | number | undefined): readonly string[] {
  return expected === undefined || expected === got ? [] : [`expected ${what} ${expected}, got ${got ?? 'none'}`];
}

function shadowText(shadow: { readonly result: string; readonly policy?: string } | undefined): string | undefined {
  return shadow && `${shadow.result} by ${shadow.policy ?? 'none'}`;
}
