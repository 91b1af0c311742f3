import type { AuthorizationPolicy, DiagnosticCode, MeshConfig, Reason, Rule, Text } from '@sallyport/policy';

/** A row of the design's table of what the two dialects answer, with how to tell that a difference comes from it. */
export interface DialectRow {
  /** The question, in the words of the table. */
  readonly question: string;
  /** What `strict` may allow here that `upstream` denies; absent where it only ever denies more. */
  readonly allows?: string;
  /** The reason of a verdict of `strict` that can come from nothing else. */
  readonly reason?: Reason;
  /** Defects for which only `strict` refuses an object. */
  readonly codes?: readonly DiagnosticCode[];
  /** What is left of a policy at a gate without that which this row is about; undefined if nothing is. */
  without?(policy: AuthorizationPolicy, gate: 'ztunnel' | 'l7', mesh: MeshConfig): AuthorizationPolicy | undefined;
  /** The row is about PeerAuthentication. */
  readonly mutualTls?: true;
  /** The row is about aliases of the trust domain. */
  readonly aliases?: true;
}

type Reduction = (policy: AuthorizationPolicy, mesh: MeshConfig) => AuthorizationPolicy | undefined;

function onlyAt(gate: 'ztunnel' | 'l7', without: Reduction): NonNullable<DialectRow['without']> {
  return (policy, at, mesh) => (at === gate ? without(policy, mesh) : policy);
}

/** The policy without the rules that have one of these fields in `from`, or one of these keys in `when`. */
function withoutRules(fields: readonly string[], keys: readonly string[]): (policy: AuthorizationPolicy) => AuthorizationPolicy {
  const concerns = ({ from, when }: Rule) =>
    from.some(({ terms }) => terms.some(({ field }) => fields.includes(field))) ||
    when.some(({ key }) => keys.includes(key.value));
  return (policy) => withRules(policy, (rule) => !concerns(rule));
}

/** The policy with `cluster.local` written out as the mesh's own trust domain, which it means (reference section 3.8). */
function withoutLocalAlias(policy: AuthorizationPolicy, { trustDomain }: MeshConfig): AuthorizationPolicy {
  const written = (text: Text): Text => ({ ...text, value: text.value.replace(/^cluster\.local\//, `${trustDomain}/`) });
  const rules = policy.rules.map((rule) => ({
    ...rule,
    from: rule.from.map((entry) => ({
      ...entry,
      terms: entry.terms.map((term) => (term.field === 'principals' ? { ...term, values: term.values.map(written) } : term)),
    })),
    when: rule.when.map((condition) =>
      condition.key.value === 'source.principal'
        ? { ...condition, values: condition.values.map(written), notValues: condition.notValues.map(written) }
        : condition,
    ),
  }));
  return { ...policy, rules };
}

function withRules(policy: AuthorizationPolicy, keeps: (rule: Rule) => boolean): AuthorizationPolicy {
  const rules = policy.rules.filter(keeps);
  return rules.length === policy.rules.length ? policy : { ...policy, rules };
}

/** Without the policies for which something holds. */
function withoutPolicies(concerned: (policy: AuthorizationPolicy) => boolean) {
  return (policy: AuthorizationPolicy) => (concerned(policy) ? undefined : policy);
}

/** Every row, in the order of the table. One with nothing but its question is about things that no recorded query shows. */
export const dialectRows: readonly DialectRow[] = [
  { question: 'enforced ALLOW or DENY with an L7 attribute, bound to a ztunnel', reason: 'l7-at-ztunnel' },
  {
    question: 'which keys are L7',
    allows: 'a rule on `source.serviceAccount` or `source.trustDomain` in `when` is evaluated at the ztunnel',
    without: onlyAt('ztunnel', withoutRules([], ['source.serviceAccount', 'source.trustDomain'])),
  },
  {
    question: 'AUDIT, dry-run at ztunnel',
    without: onlyAt(
      'ztunnel',
      withoutPolicies(({ action, dryRun }) => dryRun || action === 'AUDIT'),
    ),
  },
  {
    question: 'CUSTOM at ztunnel',
    without: onlyAt(
      'ztunnel',
      withoutPolicies(({ action }) => action === 'CUSTOM'),
    ),
  },
  { question: 'targetRefs to a Service that has no waypoint', reason: 'policy-without-waypoint' },
  { question: 'waypoint named but missing or not ready', reason: 'waypoint-unavailable' },
  { question: 'policy name referenced but unknown' },
  {
    question: '`selector: {}`',
    allows: 'an ALLOW policy with an empty selector grants in its whole namespace',
    without: onlyAt(
      'ztunnel',
      withoutPolicies(({ selector }) => selector !== undefined && Object.keys(selector.matchLabels).length === 0),
    ),
  },
  {
    question: 'trust-domain aliases at ztunnel',
    allows: "a principal of one of the mesh's trust domains means all of them, and `cluster.local` its own",
    without: onlyAt('ztunnel', withoutLocalAlias),
    aliases: true,
  },
  {
    question: '`trustDomains` at ztunnel',
    allows: 'a rule is as wide or narrow as its trust domains say',
    without: onlyAt('ztunnel', withoutRules(['trustDomains'], [])),
  },
  { question: "several URI SANs in a peer's certificate" },
  { question: 'CRL configured but unusable' },
  { question: 'value that cannot be parsed (past validation)', codes: ['ip-block-zone', 'invalid-trust-domain'] },
  {
    question: 'ipBlocks and source.ip at a waypoint',
    allows: 'they match the TCP peer of the HBONE connection',
    without: onlyAt('l7', withoutRules(['ipBlocks'], ['source.ip'])),
  },
  {
    question: 'remote.ip at a waypoint',
    allows: 'what a mere client writes into X-Forwarded-For does not count',
    without: onlyAt('l7', withoutRules(['remoteIpBlocks'], ['remote.ip'])),
  },
  { question: 'path template without leading `/`', codes: ['relative-path-template'] },
  { question: '`request.headersX[..]` and other near-misses of a key', codes: ['condition-key-near-miss'] },
  {
    question: 'PeerAuthentication corner cases (7.9 a–c)',
    allows: 'the mode of a port wins over that of its workload',
    mutualTls: true,
  },
  { question: 'live connections when policy, selector, labels, waypoint binding change' },
  { question: 'a bad token beside a good one of another rule', reason: 'invalid-token' },
  { question: 'forwardOriginalToken: false and a token in a cookie' },
  { question: 'token or CRL runs out under an open stream' },
  { question: 'RBAC v1alpha1: unsupported key or value' },
  { question: 'MySQL metadata under v1alpha1' },
  { question: 'an empty list', codes: ['empty-list'] },
  { question: 'a token that fills a header by which gates go', codes: ['jwt-output-header'] },
  { question: 'a path that leads elsewhere when it is normalised again', reason: 'bad-request' },
];

/** The row with this question; throws where there is none. */
export function dialectRow(question: string): DialectRow {
  const row = dialectRows.find((each) => each.question === question);
  if (row === undefined) throw new Error(`no row asks \`${question}\``);
  return row;
}
