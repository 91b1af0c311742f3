import { type Enforcer, newEnforcer, newModelFromString, StringAdapter } from 'casbin';
import { type BenchPolicy, type Row, readPath, rowsOf } from '../bench-policy.js';
import type { Question } from '../questions.js';
import { namespaceOf, type PrepareEngine, pathOf } from './engine.js';

/** One thing that requests have and policies test. */
interface Column {
  readonly name: string;
  /** What policies of this mix have to say about it; empty where a row says nothing. */
  textFor(row: Row): string;
  readonly test: string;
  ask(question: Question): string;
}

const columns: readonly Column[] = [
  { name: 'act', textFor: ({ method = '' }) => method, test: 'r.act == p.act', ask: ({ request }) => request?.method ?? '' },
  {
    name: 'port',
    textFor: ({ port = '' }) => port,
    test: 'r.port == p.port',
    ask: ({ connection }) => String(connection.destinationPort),
  },
  {
    name: 'sub',
    textFor: ({ principal }) => subject(principal),
    test: 'r.sub == p.sub',
    ask: ({ connection }) => connection.identity ?? '',
  },
  { name: 'ns', textFor: ({ namespace = '' }) => namespace, test: 'r.ns == p.ns', ask: askNamespace },
  { name: 'notns', textFor: ({ notNamespace = '' }) => notNamespace, test: 'r.notns != p.notns', ask: askNamespace },
  {
    name: 'ip',
    textFor: ({ ipBlock = '' }) => ipBlock,
    test: 'ipMatch(r.ip, p.ip)',
    ask: ({ connection }) => connection.sourceIp,
  },
  { name: 'path', textFor: (row) => keyPattern(row), test: 'keyMatch(r.path, p.path)', ask: pathOf },
  { name: 're', textFor: (row) => regularExpression(row), test: 'regexMatch(r.re, p.re)', ask: pathOf },
];

/**
 * casbin: a model with the columns that the mix needs, cheap comparisons first, an order of priority with the denials first so that the first match
 * ends the search, `keyMatch`, `ipMatch` and `regexMatch` for the rest. Who is on an allow-list has its role, as the documentation advises
 * for many subjects. No cache of results.
 */
export const casbin: PrepareEngine<readonly string[]> = (policies) => {
  const role = allowListOf(policies);
  const rows = role === undefined ? rowsOf(policies) : [{ action: 'ALLOW' as const, principal: 'role', method: role.method }];
  const used = columns.filter(({ textFor }) => rows.some((row) => textFor(row) !== ''));
  const lines = rows.map((row) =>
    ['p', ...used.map(({ textFor }) => textFor(row)), row.action === 'ALLOW' ? 'allow' : 'deny'].join(', '),
  );
  const members = (role?.members ?? []).map((member) => `g, ${subject(member)}, ${subject('role')}`);
  const text = [...lines, ...members].join('\n');
  const model = modelText(used, rows, role !== undefined);
  return {
    async build() {
      const enforcer: Enforcer = await newEnforcer(newModelFromString(model), new StringAdapter(text));
      return {
        translate: (question) => used.map(({ ask }) => ask(question)),
        allows: (values) => enforcer.enforceSync(...values),
      };
    },
  };
};

function modelText(used: readonly Column[], rows: readonly Row[], roles: boolean): string {
  const names = used.map(({ name }) => name).join(', ');
  const denies = rows.some(({ action }) => action === 'DENY');
  const tests = used.map((column) => {
    const test = roles && column.name === 'sub' ? 'g(r.sub, p.sub)' : column.test;
    return rows.every((row) => column.textFor(row) !== '') ? test : `(p.${column.name} == "" || ${test})`;
  });
  return `[request_definition]
r = ${names}
[policy_definition]
p = ${names}, eft
${roles ? '[role_definition]\ng = _, _\n' : ''}[policy_effect]
e = ${denies ? 'priority(p.eft) || deny' : 'some(where (p.eft == allow))'}
[matchers]
m = ${tests.join(' && ')}
`;
}

/** The members and the method of the one rule that lists more than one principal. */
function allowListOf(policies: readonly BenchPolicy[]): { members: readonly string[]; method: string } | undefined {
  const rule = policies.flatMap(({ rules }) => rules).find(({ principals }) => (principals?.length ?? 0) > 1);
  return rule === undefined ? undefined : { members: rule.principals ?? [], method: rule.methods?.[0] ?? '' };
}

function subject(principal: string | undefined): string {
  return principal === undefined ? '' : `spiffe://${principal}`;
}

function askNamespace({ connection }: Question): string {
  return namespaceOf(connection.identity ?? '');
}

/** What `keyMatch` understands: a path, or everything below one. */
function keyPattern({ path = '' }: Row): string {
  const { kind, text } = readPath(path);
  return kind === 'exact' ? text : kind === 'prefix' ? `${text}*` : '';
}

function regularExpression({ path = '' }: Row): string {
  const { kind, text } = readPath(path);
  if (kind === 'suffix') return `${text}$`;
  return kind === 'template' ? `^${text.replaceAll('{**}', '.*').replaceAll('{*}', '[^/]+')}$` : '';
}
