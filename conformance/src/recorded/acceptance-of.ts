import type { Diagnostic, DiagnosticCode, LoadedResources } from '@sallyport/policy';
import type { Acceptance } from './engine.js';

/** Codes of what cannot be read at all, whatever the rules of its kind; those of YAML itself begin with `yaml`. */
const unreadable: ReadonlySet<DiagnosticCode> = new Set(['wrong-type', 'unknown-value', 'out-of-range']);

/** What a control plane would make of one manifest, told by what loading it came to. */
export function acceptanceOf({ set, diagnostics }: LoadedResources): Acceptance {
  const invalid = diagnostics.filter(({ kind, severity }) => kind === 'invalid' && severity === 'error');
  const crashes = invalid.length > 0 && invalid.every(({ code }) => code === 'binding-without-role-ref');
  const known = invalid.length > 0 || set.resources.some(({ kind }) => kind !== 'Unmodelled');
  return {
    accepted: known ? invalid.length === 0 || crashes : null,
    stage: invalid.some(isUnreadable) ? 'decode' : 'validate',
    crashes,
    messages: invalid.map(({ code, message }) => `${code}: ${message}`),
  };
}

function isUnreadable({ code }: Diagnostic): boolean {
  return unreadable.has(code) || code.startsWith('yaml');
}
