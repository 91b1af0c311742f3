import type { Diagnostic } from '../../src/diagnostic/diagnostic.js';
import { type Dialect, strict } from '../../src/resource/dialect.js';
import { type LoadedResources, loadResources } from '../../src/resource/load/load-resources.js';
import type { Resource } from '../../src/resource/model/index.js';

export const path = 'mesh.yaml';

/** Loads one text. */
export function load(text: string, dialect: Dialect = strict): LoadedResources {
  return loadResources([{ path, text }], dialect);
}

/** The codes of everything that is wrong with a text, in the order in which they are printed. */
export function codesOf(text: string, dialect: Dialect = strict): string[] {
  return load(text, dialect).diagnostics.map(({ code }) => code);
}

/** What a diagnostic points at. */
function pointedAt(text: string, { span }: Diagnostic): string {
  return text.slice(span.start.offset, span.end.offset);
}

/** Code and offending text of everything that is wrong with a text. */
export function complaints(text: string, dialect: Dialect = strict): string[] {
  return load(text, dialect).diagnostics.map((diagnostic) => `${diagnostic.code}: ${pointedAt(text, diagnostic)}`);
}

/** The only object of a text without errors. */
export function only<Kind extends Resource['kind']>(
  kind: Kind,
  text: string,
  dialect: Dialect = strict,
): Extract<Resource, { kind: Kind }> {
  const { set, diagnostics } = load(text, dialect);
  const [resource, ...others] = set.resources;
  if (resource?.kind !== kind || others.length > 0)
    throw new Error(`not one ${kind}: ${diagnostics.map(({ message }) => message).join('; ')}`);
  return resource as Extract<Resource, { kind: Kind }>;
}

/** An AuthorizationPolicy with this spec, in flow style or as indented lines. */
export function policy(spec: string, annotations = ''): string {
  return `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n  name: p\n${annotations}spec:${spec.startsWith('{') ? ` ${spec}` : `\n${spec}`}\n`;
}
