/**
 * Which of the two behaviours applies: `strict` is what this project promises, `upstream` is what Istio does, fail-open
 * corners included. A parameter of decode, validate, bind and decide, fixed for a snapshot (design: "Two dialects").
 */
export type DialectName = 'strict' | 'upstream';

/** Feature flags of Istio's control plane that change a verdict (reference section 12), as `--flag NAME=VALUE`. */
export type Flags = Readonly<Record<string, string>>;

/** A dialect with the control plane's flags. `release` narrows `upstream` to one release, `1.31` for example. */
export interface Dialect {
  readonly name: DialectName;
  readonly release?: string;
  readonly flags: Flags;
}

/** The dialect `strict` with no flags. */
export const strict: Dialect = { name: 'strict', flags: {} };

/** The dialect `upstream`, newest release, with no flags. */
export const upstream: Dialect = { name: 'upstream', flags: {} };

/** Whether a flag is set to a true value in Go's sense (1, t, T, TRUE, true, True); absent is `fallback`. */
export function flagEnabled(dialect: Dialect, name: string, fallback = false): boolean {
  const value = dialect.flags[name];
  return value === undefined ? fallback : ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value);
}

/** The dialect to compare with: `upstream` (newest) for `strict`, `strict` for `upstream`; the flags are the same. */
export function otherDialect(dialect: Dialect): Dialect {
  return { name: dialect.name === 'strict' ? 'upstream' : 'strict', flags: dialect.flags };
}
