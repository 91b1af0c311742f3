import type { Manifest } from '../cases/case.js';
import { pools } from './pools.js';

/** Values that fit the patterns of policies, by what of a request they are. */
export interface Mentions {
  readonly identities: readonly string[];
  readonly addresses: readonly string[];
  readonly hosts: readonly string[];
  readonly methods: readonly string[];
  readonly paths: readonly string[];
  readonly headerValues: readonly string[];
  readonly serverNames: readonly string[];
}

/** Collects what policies mention, each pattern as a value that it matches. */
export function mentionedValues(policies: readonly Manifest[]): Mentions {
  const found = new Map<string, string[]>();
  for (const { spec } of policies) collect(spec, found);
  const of = (...names: readonly string[]) => [...new Set(names.flatMap((name) => found.get(name) ?? []))];
  const fitting = (fill: string, ...names: readonly string[]) => of(...names).map((value) => fit(value, fill));
  return {
    identities: [
      ...fitting('cluster.local/ns/shop/sa/web', 'principals', 'source.principal', 'user', 'names')
        .filter(isIdentity)
        .map((name) => `spiffe://${name}`),
      ...of('namespaces', 'source.namespace')
        .filter((name) => pools.namespaces.some((namespace) => namespace === name))
        .map((name) => `spiffe://cluster.local/ns/${name}/sa/web`),
      ...of('serviceAccounts', 'source.serviceAccount').map((name) => accountIdentity(name)),
    ],
    addresses: of('ipBlocks', 'remoteIpBlocks', 'source.ip', 'remote.ip').map((block) => block.split('/')[0] ?? block),
    hosts: fitting('api.shop', 'hosts'),
    methods: fitting('GET', 'methods').filter((method) => pools.methods.some((each) => each === method)),
    paths: fitting('x', 'paths').map((path) => (path.startsWith('/') ? path : `/${path}`)),
    headerValues: fitting('red', 'request.headers[x-team]', 'request.headers[accept]'),
    serverNames: fitting('db.example', 'connection.sni'),
  };
}

/** A value by the name of the field or key that it stands under, whatever the shape around it. */
function collect(node: unknown, found: Map<string, string[]>): void {
  if (Array.isArray(node)) for (const item of node) collect(item, found);
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
  const { key } = node as { readonly key?: unknown };
  for (const [name, value] of Object.entries(node)) {
    const listed = typeof key === 'string' && (name === 'values' || name === 'notValues') ? key : plain(name);
    const texts = (Array.isArray(value) ? value : [value]).filter((text) => typeof text === 'string');
    if (texts.length > 0) found.set(listed, [...(found.get(listed) ?? []), ...texts]);
    else collect(value, found);
  }
}

function plain(name: string): string {
  return /^not[A-Z]/.test(name) ? `${name.charAt(3).toLowerCase()}${name.slice(4)}` : name;
}

function fit(pattern: string, fill: string): string {
  if (pattern === '*') return fill;
  if (pattern.includes('{')) return pattern.replaceAll('{**}', 'x/y').replaceAll('{*}', 'x');
  if (pattern.startsWith('*')) return `x${pattern.slice(1)}`;
  return pattern.endsWith('*') ? `${pattern.slice(0, -1)}x` : pattern;
}

function isIdentity(name: string): boolean {
  const [domain, ns, namespace, sa, account, ...rest] = name.split('/');
  return Boolean(domain && namespace && account) && ns === 'ns' && sa === 'sa' && rest.length === 0;
}

function accountIdentity(name: string): string {
  const [namespace, account] = name.includes('/') ? name.split('/') : ['shop', name];
  return `spiffe://cluster.local/ns/${namespace}/sa/${account}`;
}
