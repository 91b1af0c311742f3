import fc from 'fast-check';
import { identities, pools } from './pools.js';

/** One rule of an AuthorizationPolicy, as in a manifest. */
export interface GeneratedRule {
  readonly from?: readonly { readonly source: Readonly<Record<string, readonly string[]>> }[];
  readonly to?: readonly { readonly operation: Readonly<Record<string, readonly string[]>> }[];
  readonly when?: readonly {
    readonly key: string;
    readonly values?: readonly string[];
    readonly notValues?: readonly string[];
  }[];
}

/** Whether a rule keeps to what connections have, or may ask for what requests have too. */
export type RuleLayer = 'l4' | 'l7';

/** A value itself, its beginning, its end, or any value: in that order of likelihood. */
function pattern(values: readonly string[]): fc.Arbitrary<string> {
  const value = fc.constantFrom(...values.filter((each) => each !== ''));
  return fc.oneof(
    { weight: 5, arbitrary: value },
    { weight: 2, arbitrary: value.map((text) => `${text.slice(0, Math.ceil(text.length / 2))}*`) },
    { weight: 2, arbitrary: value.map((text) => `*${text.slice(Math.floor(text.length / 2))}`) },
    { weight: 1, arbitrary: fc.constant('*') },
  );
}

const principal = pattern(identities.map((identity) => identity.slice('spiffe://'.length)));
const address = fc.oneof(
  fc.constantFrom(...pools.addresses),
  fc.constantFrom('10.0.0.0/24', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '203.0.113.0/28'),
);
const port = fc.constantFrom('80', '8080', '3306', '9000');
const account = fc.oneof(
  fc.constantFrom(...pools.accounts),
  fc
    .tuple(fc.constantFrom(...pools.namespaces), fc.constantFrom(...pools.accounts))
    .map(([namespace, name]) => `${namespace}/${name}`),
);
const trustDomain = fc.constantFrom(...pools.trustDomains, '*', 'partner*', '*.example', '*.local');
const path = fc.oneof(
  pattern(pools.paths.filter((each) => !each.includes('..'))),
  fc.constantFrom('/{*}', '/admin/{**}', '/{*}/users'),
);
const requestPrincipal = fc.constantFrom('*', 'issuer/alice', 'issuer/*', '*/bob');

type Values = readonly (readonly [name: string, value: fc.Arbitrary<string>])[];

const sources: Readonly<Record<RuleLayer, Values>> = {
  l4: [
    ['principals', principal],
    ['namespaces', pattern(pools.namespaces)],
    ['ipBlocks', address],
    ['trustDomains', trustDomain],
  ],
  l7: [
    ['remoteIpBlocks', address],
    ['requestPrincipals', requestPrincipal],
  ],
};
const operations: Readonly<Record<RuleLayer, Values>> = {
  l4: [['ports', port]],
  l7: [
    ['hosts', pattern(pools.hosts)],
    ['methods', pattern(pools.methods)],
    ['paths', path],
  ],
};
const keys: Readonly<Record<RuleLayer, Values>> = {
  l4: [
    ['source.ip', address],
    ['source.namespace', pattern(pools.namespaces)],
    ['source.principal', principal],
    ['source.serviceAccount', account],
    ['source.trustDomain', trustDomain],
    ['destination.ip', fc.constantFrom('10.0.0.2', '10.96.0.2', '10.0.0.0/8')],
    ['destination.port', port],
  ],
  l7: [
    ['remote.ip', address],
    ['request.headers[x-team]', pattern(pools.headerValues)],
    ['request.headers[accept]', pattern(pools.headerValues)],
    ['request.auth.principal', requestPrincipal],
    ['request.auth.audiences', fc.constantFrom('shop', '*')],
    ['request.auth.presenter', fc.constantFrom('app', '*')],
    ['request.auth.claims[groups]', fc.constantFrom('admin', 'staff', '*')],
    ['connection.sni', pattern(pools.serverNames)],
    ['experimental.envoy.filters.network.demo[colour]', fc.constantFrom('blue', '[green]')],
  ],
};

function upTo(layer: RuleLayer, values: Readonly<Record<RuleLayer, Values>>): Values {
  return layer === 'l4' ? values.l4 : [...values.l4, ...values.l7];
}

const fewValues = (value: fc.Arbitrary<string>) => fc.uniqueArray(value, { minLength: 1, maxLength: 3 });

/** One or two fields; positive ones are three times as likely. */
function entry(values: Values): fc.Arbitrary<Readonly<Record<string, readonly string[]>>> {
  const field = fc
    .constantFrom(...values)
    .chain(([name, value]) =>
      fc
        .tuple(fc.nat({ max: 3 }), fewValues(value))
        .map(([die, chosen]) => [die > 0 ? name : `not${name.charAt(0).toUpperCase()}${name.slice(1)}`, chosen] as const),
    );
  return fc.array(field, { minLength: 1, maxLength: 2 }).map((fields) => Object.fromEntries(fields));
}

/** Service accounts exclude principals and namespaces in one source. */
function sourceEntry(layer: RuleLayer): fc.Arbitrary<Readonly<Record<string, readonly string[]>>> {
  return fc.oneof(
    { weight: 4, arbitrary: entry(upTo(layer, sources)) },
    { weight: 1, arbitrary: fewValues(account).map((serviceAccounts) => ({ serviceAccounts })) },
    { weight: 1, arbitrary: fewValues(account).map((notServiceAccounts) => ({ notServiceAccounts })) },
  );
}

function condition(layer: RuleLayer) {
  return fc
    .constantFrom(...upTo(layer, keys))
    .chain(([key, value]) =>
      fc
        .tuple(fewValues(value), fc.nat({ max: 3 }))
        .map(([values, die]) => (die > 0 ? { key, values } : { key, notValues: values })),
    );
}

/** A rule with zero to two of its three parts, so that many hold. */
export function arbitraryRule(layer: RuleLayer): fc.Arbitrary<GeneratedRule> {
  const from = fc.array(
    sourceEntry(layer).map((source) => ({ source })),
    { minLength: 1, maxLength: 2 },
  );
  const to = fc.array(
    entry(upTo(layer, operations)).map((operation) => ({ operation })),
    { minLength: 1, maxLength: 2 },
  );
  const when = fc.array(condition(layer), { minLength: 1, maxLength: 2 });
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant({}) },
    { weight: 4, arbitrary: fc.record({ from }) },
    { weight: 4, arbitrary: fc.record({ to }) },
    { weight: 3, arbitrary: fc.record({ when }) },
    { weight: 4, arbitrary: fc.record({ from, to }) },
    { weight: 3, arbitrary: fc.record({ from, when }) },
  );
}
