import type { CommentedRule, MigratedPolicy } from './policy-draft.js';
import type { DraftCondition, RuleDraft } from './rule-draft.js';

/** AuthorizationPolicies as a text of YAML, one document each. Every text of the input stays a text: a comment never becomes anything else. */
export function writePolicies(policies: readonly MigratedPolicy[]): string {
  return policies.map(writePolicy).join('---\n');
}

function writePolicy({ namespace, name, attachment, dryRun, rules, comments }: MigratedPolicy): string {
  return [
    ...comments.map(comment),
    'apiVersion: security.istio.io/v1',
    'kind: AuthorizationPolicy',
    'metadata:',
    `  name: ${word(name)}`,
    `  namespace: ${word(namespace)}`,
    ...(dryRun ? ['  annotations:', '    istio.io/dry-run: "true"'] : []),
    'spec:',
    ...writeAttachment(attachment),
    '  action: ALLOW',
    ...(rules.length === 0 ? [] : ['  rules:', ...rules.flatMap(writeRule)]),
    '',
  ].join('\n');
}

function writeAttachment(attachment: MigratedPolicy['attachment']): string[] {
  if ('selector' in attachment)
    return [
      '  selector:',
      '    matchLabels:',
      ...Object.entries(attachment.selector).map(([key, value]) => `      ${word(key)}: ${word(value)}`),
    ];
  const { group, kind, name } = attachment.target;
  return ['  targetRefs:', `    - group: ${group === '' ? '""' : group}`, `      kind: ${kind}`, `      name: ${word(name)}`];
}

function writeRule({ rule, comments }: CommentedRule): string[] {
  const lines = [
    ...writeEntry('from', 'source', rule.source),
    ...writeEntry('to', 'operation', rule.operation),
    ...writeWhen(rule),
  ];
  const above = comments.map((text) => `    ${comment(text)}`);
  const [first, ...rest] = lines;
  return first === undefined ? [...above, '    - {}'] : [...above, `    - ${first}`, ...rest.map((line) => `      ${line}`)];
}

function writeEntry(list: string, entry: string, fields: RuleDraft['source']): string[] {
  const lines = Object.entries(fields).map(([field, values]) => `      ${field}: ${words(values)}`);
  return lines.length === 0 ? [] : [`${list}:`, `  - ${entry}:`, ...lines];
}

function writeWhen({ when }: RuleDraft): string[] {
  return when.length === 0 ? [] : ['when:', ...when.flatMap(writeCondition)];
}

function writeCondition({ key, values, notValues }: DraftCondition): string[] {
  return [
    `  - key: ${word(key)}`,
    ...(values === undefined ? [] : [`    values: ${words(values)}`]),
    ...(notValues === undefined ? [] : [`    notValues: ${words(notValues)}`]),
  ];
}

/** On one line whatever it holds, also for readers of YAML 1.1, to whom more characters end a line. */
function comment(text: string): string {
  const line = text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ').trim();
  return line === '' ? '#' : `# ${line}`;
}

function words(values: readonly string[]): string {
  return `[${values.map(word).join(', ')}]`;
}

const reserved: ReadonlySet<string> = new Set(['true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n']);

/** A text as YAML reads it back: quoted unless it is plainly a word. */
function word(text: string): string {
  const plain = /^[A-Za-z/][-A-Za-z0-9./_]*$/.test(text) && !reserved.has(text.toLowerCase());
  return plain ? text : quoted(text);
}

/** JSON, with what YAML does not admit as it is written in escapes. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
