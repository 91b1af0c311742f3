import { constraintsOf, isAboutDestination, nameInBrackets } from '../bind/roles/concerns-destination.js';
import type { AccessField, AccessRule, Constraint, Term } from '../resource/model/index.js';
import { roleRange } from './cidr.js';
import type { RoleAttribute, RoleClause, Wanted } from './clause.js';
import { headerAttribute, wantedOfHeader } from './header-clause.js';
import type { ReadingContext } from './test.js';

const headersKey = 'request.headers';
const filtersKey = 'experimental.envoy.filters.';
const pseudoHeaders: ReadonlySet<string> = new Set([':path', ':method', ':authority']);

/**
 * What a rule grants of what reaches its destination; undefined for a rule that the layer cannot evaluate, which then grants nothing
 * (legacy reference sections 2.3, 2.4 and 2.9). A rule with nothing left grants everything.
 */
export function permissionOf(rule: AccessRule, context: ReadingContext): readonly RoleClause[] | undefined {
  if (context.layer === 'tcp' && needsHttp(rule, context)) return undefined;
  return [
    ...rule.terms.map((term) => termClause(term, context)),
    ...constraintsOf(rule).flatMap((constraint) => constraintClause(constraint, context) ?? []),
  ];
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

function termClause({ field, negated, values }: Term<AccessField>, context: ReadingContext): RoleClause {
  if (field === 'ports') {
    const wanted = values.map(({ value }): Wanted => ({ kind: 'number', value: Number(value) }));
    return { attribute: { kind: 'destination-port' }, negated, wanted };
  }
  const name = headers[field];
  const wanted = values.map(({ value, span }) => wantedOfHeader(name, value, span, context));
  return { attribute: headerAttribute(name), negated, wanted };
}

/** One of the values holds; undefined for a constraint that was settled before, or that upstream drops in silence (section 3). */
function constraintClause({ key, values }: Constraint, context: ReadingContext): RoleClause | undefined {
  const attribute = isAboutDestination(key.value) ? undefined : attributeOf(key.value);
  if (attribute === undefined) return undefined;
  const wanted = values.flatMap(({ value }) => wantedAt(attribute, key, value, context) ?? []);
  return wanted.length === 0 ? undefined : { attribute, negated: false, wanted };
}

function attributeOf(key: string): RoleAttribute | undefined {
  if (key === 'destination.ip') return { kind: 'destination-ip' };
  if (key === 'destination.port') return { kind: 'destination-port' };
  if (key === 'connection.sni') return { kind: 'sni' };
  if (pseudoHeaders.has(key)) return headerAttribute(key);
  if (key.startsWith(headersKey)) {
    const name = nameInBrackets(key.slice(headersKey.length));
    return name === undefined ? undefined : headerAttribute(name);
  }
  return key.startsWith(filtersKey) ? metadataAttribute(key) : undefined;
}

function wantedAt(attribute: RoleAttribute, key: Constraint['key'], value: string, context: ReadingContext): Wanted | undefined {
  switch (attribute.kind) {
    case 'destination-ip': {
      const range = roleRange(value);
      return range && { kind: 'range', range };
    }
    case 'destination-port':
      return wantedPort(value);
    case 'header': {
      const name = pseudoHeaders.has(key.value) ? key.value : (nameInBrackets(key.value.slice(headersKey.length)) ?? '');
      return wantedOfHeader(name, value, key.span, context);
    }
    case 'awaited':
      return wantedOfMetadata(value);
    default:
      return { kind: 'text', value };
  }
}

function wantedPort(value: string): Wanted | undefined {
  if (value === '' || [...value].some((digit) => digit < '0' || digit > '9')) return undefined;
  const port = Number(value);
  return port > 65_535 ? undefined : { kind: 'number', value: port };
}

/** `experimental.FILTER[KEY]` (section 2.4). */
function metadataAttribute(key: string): RoleAttribute | undefined {
  const open = key.indexOf('[');
  if (!key.endsWith(']') || open < 0 || open >= key.length - 2) return undefined;
  return { kind: 'awaited', filter: key.slice('experimental.'.length, open), key: key.slice(open + 1, -1) };
}

/** A value in brackets wants a list that holds it, any other a text (section 2.4). */
function wantedOfMetadata(value: string): Wanted {
  const isList = value.startsWith('[') && value.endsWith(']');
  return isList ? { kind: 'item', value: trimBrackets(value) } : { kind: 'text', value };
}

function trimBrackets(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && (value[start] === '[' || value[start] === ']')) start++;
  while (end > start && (value[end - 1] === '[' || value[end - 1] === ']')) end--;
  return value.slice(start, end);
}
