import { constraintsOf, isAboutDestination, nameInBrackets } from '../bind/roles/concerns-destination.js';
import type { AccessField, AccessRule, Constraint, Term } from '../resource/model/index.js';
import { addressTest } from './cidr.js';
import { headerTest } from './header-test.js';
import { isListWith, isText, stringMatcher } from './string-matcher.js';
import { every, not, type ReadingContext, type RoleTest, some } from './test.js';

const headersKey = 'request.headers';
const filtersKey = 'experimental.envoy.filters.';
const pseudoHeaders: ReadonlySet<string> = new Set([':path', ':method', ':authority']);

/**
 * What a rule grants of what reaches its destination; undefined for a rule that the layer cannot evaluate, which then grants nothing
 * (legacy reference sections 2.3, 2.4 and 2.9). A rule with nothing left grants everything.
 */
export function permissionOf(rule: AccessRule, context: ReadingContext): RoleTest | undefined {
  if (context.layer === 'tcp' && needsHttp(rule, context)) return undefined;
  return every([
    ...rule.terms.map((term) => termTest(term, context)),
    ...constraintsOf(rule).flatMap((constraint) => constraintTest(constraint, context) ?? []),
  ]);
}

/**
 * Whether a rule looks at HTTP. Upstream overlooks pseudo headers among the constraints, and Envoy then refuses the gate (legacy reference,
 * corrections).
 */
export function needsHttp(rule: AccessRule, { dialect }: Pick<ReadingContext, 'dialect'>): boolean {
  return (
    rule.terms.some(({ field }) => field !== 'ports') ||
    rule.constraints.some(({ key }) => key.value.startsWith(headersKey) || (dialect === 'strict' && pseudoHeaders.has(key.value)))
  );
}

const headers: Readonly<Record<Exclude<AccessField, 'ports'>, string>> = {
  hosts: ':authority',
  methods: ':method',
  paths: ':path',
};

function termTest({ field, negated, values }: Term<AccessField>, context: ReadingContext): RoleTest {
  const any = some(
    values.map(({ value, span }) =>
      field === 'ports'
        ? ({ destinationPort }) => destinationPort === Number(value)
        : headerTest(headers[field], value, span, context),
    ),
  );
  return negated ? not(any) : any;
}

/** One of the values holds; undefined for a constraint that was settled before, or that upstream drops in silence (section 3). */
function constraintTest({ key, values }: Constraint, context: ReadingContext): RoleTest | undefined {
  if (isAboutDestination(key.value)) return undefined;
  const tests = values.flatMap(({ value }) => valueTest(key, value, context) ?? []);
  return tests.length === 0 ? undefined : some(tests);
}

function valueTest(key: Constraint['key'], value: string, context: ReadingContext): RoleTest | undefined {
  if (key.value === 'destination.ip') return destinationIpTest(value);
  if (key.value === 'destination.port') return destinationPortTest(value);
  if (key.value === 'connection.sni') {
    const matches = stringMatcher(value);
    return ({ sni }) => matches(sni);
  }
  if (pseudoHeaders.has(key.value)) return headerTest(key.value, value, key.span, context);
  if (key.value.startsWith(headersKey)) {
    const name = nameInBrackets(key.value.slice(headersKey.length));
    return name === undefined ? undefined : headerTest(name, value, key.span, context);
  }
  return key.value.startsWith(filtersKey) ? metadataTest(key.value, value) : undefined;
}

function destinationIpTest(value: string): RoleTest | undefined {
  const holds = addressTest(value);
  return holds && (({ destinationIp }) => holds(destinationIp));
}

function destinationPortTest(value: string): RoleTest | undefined {
  if (value === '' || [...value].some((digit) => digit < '0' || digit > '9')) return undefined;
  const port = Number(value);
  return port > 65_535 ? undefined : ({ destinationPort }) => destinationPort === port;
}

/** `experimental.FILTER[KEY]`: a value in brackets wants a list that holds it, any other a text (section 2.4). */
function metadataTest(key: string, value: string): RoleTest | undefined {
  const open = key.indexOf('[');
  if (!key.endsWith(']') || open < 0 || open >= key.length - 2) return undefined;
  const filter = key.slice('experimental.'.length, open);
  const name = key.slice(open + 1, -1);
  const isList = value.startsWith('[') && value.endsWith(']');
  const matches = stringMatcher(isList ? trimBrackets(value) : value);
  return ({ metadata, awaited }) => awaited.includes(filter) || (isList ? isListWith : isText)(metadata(filter, name), matches);
}

function trimBrackets(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && (value[start] === '[' || value[start] === ']')) start++;
  while (end > start && (value[end - 1] === '[' || value[end - 1] === ']')) end--;
  return value.slice(start, end);
}
