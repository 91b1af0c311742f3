import type { Case, CaseQuery, CaseSource, Expectation, Layer, Manifest } from './case.js';
import { publicKeys, signToken } from './sign-token.js';
import type { WrittenCase, WrittenExpectation, WrittenMesh, WrittenQuery } from './written.js';

/** The case with its mesh, once for each value that it is written for and for each gate that it is about. */
export function expandCase(mesh: WrittenMesh, file: string, { each, ...unfilled }: WrittenCase): readonly Case[] {
  if (each === undefined) return expandOne(mesh, file, fillIn(unfilled));
  return each.flatMap((value) => {
    const filled = mapTexts(unfilled, (text) => text.replaceAll(/\$\{each\}/g, () => value)) as WrittenCase;
    return expandOne(mesh, file, fillIn({ ...filled, title: `${unfilled.title}: ${value}` }));
  });
}

function expandOne(mesh: WrittenMesh, file: string, written: WrittenCase): readonly Case[] {
  const layers: readonly (Layer | undefined)[] = written.at ?? [undefined];
  return layers.map((layer) => {
    const queries = (written.queries ?? []).filter(({ at }) => at === undefined || layer === undefined || at.includes(layer));
    if (queries.length === 0 && written.refused === undefined)
      throw new Error(`${file}: ${written.title}: nothing is asked at ${layer}`);
    return {
      name: `${file}: ${written.title}${layer === undefined ? '' : ` (${layer})`}`,
      reference: written.reference,
      manifests: manifestsOf(mesh, written, layer),
      meshConfig: written.meshConfig ?? {},
      flags: written.flags ?? {},
      refused: refusalsOf(written.refused ?? {}),
      queries: queries.map((query) => expandQuery(mesh, written, query, layer)),
    };
  });
}

/** Keys for `${keys:NAME NAME}`, tokens for `${NAME}`, payloads of tokens for `${NAME.payload}`. */
function fillIn(written: WrittenCase): WrittenCase {
  const { tokens = {} } = written;
  const signed = new Map(Object.entries(tokens).map(([name, token]) => [name, signToken(token)]));
  const fill = (_: string, name: string): string => {
    if (name.startsWith('keys:')) return publicKeys(name.slice('keys:'.length).split(' '));
    const [token = '', part] = name.split('.');
    const text = signed.get(token);
    if (text === undefined) throw new Error(`${written.title}: no token is called \`${token}\``);
    return part === 'payload' ? (text.split('.')[1] ?? '') : text;
  };
  return mapTexts(written, (text) => text.replaceAll(/\$\{([^}]+)\}/g, fill)) as WrittenCase;
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [change(name), mapTexts(member, change)]));
}

function manifestsOf(mesh: WrittenMesh, written: WrittenCase, layer: Layer | undefined): readonly Manifest[] {
  const own = written.manifests ?? [];
  const gone = new Set([...(written.without ?? []), ...own.map(keyOf)]);
  const kept = mesh.manifests.filter((manifest) => !gone.has(keyOf(manifest)));
  const policies = Object.entries(written.policies ?? {}).map(([name, policy]) => policyManifest(name, policy, layer));
  return [...kept, ...own, ...policies];
}

/** `KIND/NAMESPACE/NAME`, or `KIND/NAME` for what is in no namespace. */
function keyOf(manifest: Manifest): string {
  const { name, namespace } = (manifest.metadata ?? {}) as { name?: string; namespace?: string };
  return [manifest.kind, namespace, name].filter((part) => part !== undefined).join('/');
}

const attachments: Readonly<Record<Layer, Manifest>> = {
  ztunnel: { selector: { matchLabels: { app: 'api' } } },
  waypoint: { targetRefs: [{ group: '', kind: 'Service', name: 'api' }] },
  'waypoint-tcp': { targetRefs: [{ group: '', kind: 'Service', name: 'api' }] },
  gateway: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }] },
  'gateway-tcp': { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }] },
};

/** A policy is written by its spec; `annotations` and `dryRun` beside it go to its metadata. */
function policyManifest(written: string, { annotations, dryRun, ...spec }: Manifest, layer: Layer | undefined): Manifest {
  const [namespace, name] = qualified(written).split('/');
  const attachment = layer === undefined || 'selector' in spec || 'targetRefs' in spec ? {} : attachments[layer];
  const noted = { ...(annotations as object | undefined), ...(dryRun === true ? { 'istio.io/dry-run': 'true' } : {}) };
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace, ...(Object.keys(noted).length === 0 ? {} : { annotations: noted }) },
    spec: { ...attachment, ...spec },
  };
}

function refusalsOf({ both, strict = both, upstream = both }: NonNullable<WrittenCase['refused']>): Case['refused'] {
  return { ...(strict === undefined ? {} : { strict }), ...(upstream === undefined ? {} : { upstream }) };
}

const targets: Readonly<Record<Layer, string>> = {
  ztunnel: 'Pod/shop/api',
  waypoint: 'Service/shop/api',
  'waypoint-tcp': 'Service/shop/api',
  gateway: 'Gateway/shop/edge',
  'gateway-tcp': 'Gateway/shop/edge',
};

const ports: Readonly<Record<Layer, number>> = {
  ztunnel: 8080,
  waypoint: 80,
  'waypoint-tcp': 3306,
  gateway: 80,
  'gateway-tcp': 9000,
};

function expandQuery(mesh: WrittenMesh, written: WrittenCase, query: WrittenQuery, at: Layer | undefined): CaseQuery {
  const defaults = written.ask ?? {};
  const { metadata = defaults.metadata, answers = defaults.answers } = query;
  const layer = at ?? query.gate ?? defaults.gate;
  if (layer === undefined) throw new Error(`${written.title}: a query names no gate`);
  const isHttp = layer === 'waypoint' || layer === 'gateway';
  return {
    ...(query.title === undefined ? {} : { title: query.title }),
    layer,
    target: query.target ?? defaults.target ?? targets[layer],
    port: query.port ?? defaults.port ?? ports[layer],
    source: sourceOf(mesh, query.source ?? defaults.source ?? 'web'),
    ...(metadata === undefined ? {} : { metadata }),
    ...(answers === undefined ? {} : { answers }),
    ...(isHttp ? { request: { ...defaults.request, ...query.request } } : {}),
    expect: expectationsOf(query),
  };
}

function sourceOf({ sources }: WrittenMesh, source: string | CaseSource): CaseSource {
  if (typeof source !== 'string') return source;
  const named = sources[source];
  if (named === undefined) throw new Error(`no source is called \`${source}\``);
  return named;
}

function expectationsOf({ both, strict = both, upstream = both }: WrittenQuery): CaseQuery['expect'] {
  return {
    ...(strict === undefined ? {} : { strict: expectationOf(strict) }),
    ...(upstream === undefined ? {} : { upstream: expectationOf(upstream) }),
  };
}

function expectationOf({ allow, deny, by, audit, ...rest }: WrittenExpectation): Expectation {
  return {
    ...rest,
    ...(allow === undefined ? { effect: 'deny', reason: deny ?? '' } : { effect: 'allow', reason: allow }),
    ...(by === undefined ? {} : { policy: by === null ? null : qualified(by) }),
    ...(audit === undefined ? {} : { audit: audit.map(qualified) }),
  };
}

/** Policies are in the namespace `shop` unless they say otherwise. */
function qualified(name: string): string {
  return name.includes('/') ? name : `shop/${name}`;
}
