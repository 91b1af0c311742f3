/**
 * Which of the two behaviours applies: `strict` is what this project promises, `upstream` is what Istio does, fail-open
 * corners included. A parameter of decode, validate, bind and decide, fixed for a snapshot (design: "Two dialects").
 */
export type DialectName = 'strict' | 'upstream';

/** The feature flags of Istio's control plane that are read here (reference section 12); each is true or false. */
export const knownFlags = [
  'AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY',
  'ENABLE_INGRESS_WAYPOINT_ROUTING',
  'ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY',
  'PILOT_AUTO_ALLOW_WAYPOINT_POLICY',
  'PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS',
] as const;

/** The name of a flag that is read. */
export type KnownFlag = (typeof knownFlags)[number];

/** Flags as written, `--flag NAME=VALUE`. */
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

const trueWords = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const falseWords = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/** Whether a text is true or false in Go's sense; undefined where it is neither. */
export function parseGoBoolean(text: string): boolean | undefined {
  if (trueWords.includes(text)) return true;
  return falseWords.includes(text) ? false : undefined;
}

/** Whether a flag is set to true; absent, or neither true nor false, is `fallback`, as upstream has it. */
export function flagEnabled(dialect: Dialect, name: KnownFlag, fallback = false): boolean {
  return parseGoBoolean(dialect.flags[name] ?? '') ?? fallback;
}

/** The dialect to compare with: `upstream` (newest) for `strict`, `strict` for `upstream`; the flags are the same. */
export function otherDialect(dialect: Dialect): Dialect {
  return { name: dialect.name === 'strict' ? 'upstream' : 'strict', flags: dialect.flags };
}
