import type { Text } from '../../diagnostic/span.js';
import type { AuthorizationPolicy } from '../../resource/model/index.js';
import type { FindingContext } from '../finding-context.js';

/** Paths and server names that no request has as a gate sees it, so that a DENY for them does nothing (reference sections 3.3 and 3.7). */
export function neverMatches(context: FindingContext): void {
  for (const policy of context.inventory.policies) {
    for (const text of pathsOf(policy)) report(context, 'path', text, wrongPath(text.value));
    for (const text of serverNamesOf(policy)) report(context, 'server name', text, wrongServerName(text.value));
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

function wrongPath(path: string): Wrong | undefined {
  if (path.includes('?') || path.includes('#')) {
    return { problem: 'query and fragment are no part of the path', hint: 'write the path alone' };
  }
  if (path.startsWith('/') || path.startsWith('*')) return undefined;
  return { problem: 'every path begins with `/`', hint: `write \`/${path}\`` };
}

function wrongServerName(name: string): Wrong | undefined {
  const lower = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return lower === name ? undefined : { problem: 'gates see server names in lower case', hint: `write \`${lower}\`` };
}
