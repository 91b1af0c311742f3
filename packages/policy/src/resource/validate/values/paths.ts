import type { Text } from '../../../diagnostic/span.js';
import type { Report } from '../report.js';

const one = '{*}';
const rest = '{**}';
const literal = /^[-A-Za-z0-9._~%!$&'()+,;:@=]+$/;

/** Whether a path is a template: it holds `{*}` or `{**}` somewhere (reference section 1.4). */
function isPathTemplate(path: string): boolean {
  return path.includes(one) || path.includes(rest);
}

/**
 * Checks paths (reference section 1.4, E27). A template without leading `/` passes upstream and freezes the waypoint that gets it on
 * its last good state; in `strict` it is refused.
 */
export function checkPaths(values: readonly Text[], report: Report, strict: boolean): void {
  for (const { value, span } of values) {
    const problem = problemOf(value);
    if (problem !== undefined) {
      report('invalid-path-template', span, `\`${value}\` is not a path: ${problem}`, {
        hint: 'write `{*}` for one whole segment, `{**}` for the rest of the path, and `*` only at an end of a path without them',
      });
    } else if (strict && isPathTemplate(value) && !value.startsWith('/')) {
      report('relative-path-template', span, `path template \`${value}\` does not start with \`/\``, {
        hint: `write \`/${value}\``,
      });
    }
  }
}

function problemOf(path: string): string | undefined {
  const template = isPathTemplate(path);
  let restSeen = false;
  for (const segment of trimSlashes(path).split('/')) {
    const operator = segment === one || segment === rest;
    if (operator && restSeen) return `\`${segment}\` stands after \`${rest}\``;
    restSeen ||= segment === rest;
    if (operator) continue;
    if (segment.includes('{') || segment.includes('}')) return 'a brace is neither `{*}` nor `{**}` as a whole segment';
    if (template && segment === '') return 'a segment of a template is empty';
    if (template && !literal.test(segment)) return `segment \`${segment}\` of a template has a character that paths do not have`;
  }
  return undefined;
}

function trimSlashes(path: string): string {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === '/') start += 1;
  while (end > start && path[end - 1] === '/') end -= 1;
  return path.slice(start, end);
}
