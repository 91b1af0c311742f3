import type { Text } from '../../diagnostic/span.js';
import type { AuthorizationPolicy, ServiceRole } from '../../resource/model/index.js';
import type { FindingContext } from '../finding-context.js';

/**
 * Paths and server names that no request has as a gate sees it, so that a DENY for them does nothing, and a role grants nothing by them
 * (reference sections 3.3 and 3.7, legacy reference section 2.6 and corrections).
 */
export function neverMatches(context: FindingContext): void {
  for (const policy of context.inventory.policies) {
    for (const text of pathsOf(policy)) report(context, 'path', text, wrongPath(text.value));
    for (const text of serverNamesOf(policy)) report(context, 'server name', text, wrongServerName(text.value));
  }
  for (const role of context.inventory.serviceRoles) {
    for (const text of rolePathsOf(role)) report(context, 'path', text, wrongRolePath(text.value));
    for (const text of constrained(role, 'connection.sni')) report(context, 'server name', text, wrongServerName(text.value));
  }
}

interface Wrong {
  readonly problem: string;
  readonly hint: string;
}

function report(context: FindingContext, what: string, { value, span }: Text, wrong: Wrong | undefined): void {
  if (wrong === undefined) return;
  context.report('never-matches', span, `${what} \`${value}\` never matches: ${wrong.problem}`, { hint: wrong.hint });
}

function pathsOf({ rules }: AuthorizationPolicy): Text[] {
  const terms = rules.flatMap(({ to }) => to.flatMap((entry) => entry.terms));
  return terms.filter(({ field }) => field === 'paths').flatMap(({ values }) => values);
}

function serverNamesOf({ rules }: AuthorizationPolicy): Text[] {
  const conditions = rules.flatMap(({ when }) => when.filter(({ key }) => key.value === 'connection.sni'));
  return conditions.flatMap(({ values, notValues }) => [...values, ...notValues]);
}

/** The paths of a role, ruled out ones included. */
function rolePathsOf(role: ServiceRole): Text[] {
  const terms = role.rules.flatMap((rule) => rule.terms).filter(({ field }) => field === 'paths');
  return [
    ...terms.flatMap(({ values }) => values),
    ...constrained(role, ':path'),
    ...constrained(role, 'request.headers[:path]'),
  ];
}

function constrained({ rules }: ServiceRole, wanted: string): Text[] {
  const constraints = rules.flatMap((rule) => rule.constraints).filter(({ key }) => key.value === wanted);
  return constraints.flatMap(({ values }) => values);
}

function wrongPath(path: string): Wrong | undefined {
  if (path.includes('?') || path.includes('#')) {
    return { problem: 'query and fragment are no part of the path', hint: 'write the path alone' };
  }
  return wrongBeginning(path);
}

/** To a role the query is a part of the path. */
function wrongRolePath(path: string): Wrong | undefined {
  if (path.includes('#')) return { problem: 'a fragment is no part of the path', hint: 'leave out what follows `#`' };
  return wrongBeginning(path);
}

function wrongBeginning(path: string): Wrong | undefined {
  if (path.startsWith('/') || path.startsWith('*')) return undefined;
  return { problem: 'every path begins with `/`', hint: `write \`/${path}\`` };
}

function wrongServerName(name: string): Wrong | undefined {
  const lower = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return lower === name ? undefined : { problem: 'gates see server names in lower case', hint: `write \`${lower}\`` };
}
