import { formatPlace, type Verdict } from '@sallyport/policy';
import { verdictFields } from '../denial.js';
import type { Attributes } from './span.js';

/** Characters of a text that others wrote. */
const longestText = 256;

/** A text of bounded length. */
export function bounded(text: string | undefined): string | undefined {
  return text !== undefined && text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}

/** What policy said, in the words of the logs. */
export function verdictAttributes(gate: string, verdict: Verdict | undefined): Attributes {
  const policy = verdict?.policy;
  const said = Object.fromEntries(
    (verdict === undefined ? [] : verdictFields(verdict)).map(({ name, value }) => [
      `sallyport.${name}`,
      typeof value === 'string' ? bounded(value) : value,
    ]),
  );
  return {
    'sallyport.gate': gate,
    'sallyport.effect': verdict?.effect,
    ...said,
    'sallyport.reason': verdict?.reason,
    'sallyport.policy': policy && bounded(`${policy.kind}/${policy.namespace}/${policy.name}`),
    'sallyport.rule': policy?.rule,
    'sallyport.place': policy && bounded(formatPlace(policy.span)),
  };
}
