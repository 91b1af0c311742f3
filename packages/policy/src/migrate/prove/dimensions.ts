import type { GateBinding } from '../../bind/binding.js';
import type { RoleLayer } from '../../legacy/test.js';
import { readIdentity } from '../../reference/identity.js';
import type { DialectName } from '../../resource/dialect.js';
import type { ConnectionAttributes, JsonObject, JsonValue, RequestAttributes } from '../../verdict/attributes.js';
import type { Gate } from '../gate.js';
import { addressClasses } from './address-classes.js';
import { identityClasses } from './identity-classes.js';
import type { Patterns } from './patterns.js';
import { textClasses } from './text-classes.js';
import { requestPrincipalClasses } from './token-classes.js';

/** What one gate is asked, put together value by value. */
export interface Probe {
  readonly layer: RoleLayer;
  readonly connection: ConnectionAttributes;
  readonly request: RequestAttributes;
}

/** One attribute with one value for each of its classes; a value is what it makes of a probe. */
export interface Dimension {
  readonly name: string;
  readonly values: readonly ((probe: Probe) => Probe)[];
}

/** What is asked where no dimension says anything else. */
export function plainProbe({ address, ports }: Gate): Probe {
  const [first] = ports;
  return {
    layer: first?.layers[0] ?? 'tcp',
    connection: { sourceIp: '203.0.113.77', destinationIp: address, destinationPort: first?.port ?? 0 },
    request: { method: 'GET', path: '/', authority: 'other', headers: [], httpVersion: 2 },
  };
}

/** Everything that the patterns of a gate look at, each with its classes. */
export function dimensionsOf(
  gate: Gate,
  patterns: Patterns,
  trustDomains: readonly string[],
  dialect: DialectName,
): readonly Dimension[] {
  const { binding } = gate;
  const http = gate.ports.some(({ layers }) => layers.includes('http'));
  const all = [
    ports(gate),
    identities(binding, patterns, trustDomains, dialect),
    connectionText('source.ip', addressClasses(patterns.get('source.ip') ?? []), 'sourceIp'),
    ...(binding.gate === 'ztunnel' ? [] : [serverNames(patterns), ...metadata(patterns)]),
    ...(http ? [...requestTexts(patterns), ...headers(patterns), ...tokens(binding, patterns)] : []),
  ];
  return all.filter(({ values }) => values.length > 0);
}

function ports({ ports: known, binding }: Gate): Dimension {
  // A ztunnel is also asked for ports that nobody declared.
  const undeclared =
    binding.gate === 'ztunnel' ? [{ port: unusedPort(known.map(({ port }) => port)), layers: ['tcp'] as const }] : [];
  const asked = [...known, ...undeclared].flatMap(({ port, layers }) => layers.map((layer) => ({ port, layer })));
  return {
    name: 'port',
    values: asked.map(({ port, layer }) => (probe) => ({
      ...probe,
      layer,
      connection: { ...probe.connection, destinationPort: port },
    })),
  };
}

function unusedPort(used: readonly number[]): number {
  let port = 65_000;
  while (used.includes(port)) port -= 1;
  return port;
}

function identities(binding: GateBinding, patterns: Patterns, trustDomains: readonly string[], dialect: DialectName): Dimension {
  // Nobody without an identity reaches a waypoint; upstream's would take them for somebody.
  const anonymous = dialect === 'strict' || binding.gate !== 'waypoint';
  const gates = new Set(binding.roles.flatMap(({ judgedBefore }) => [...(judgedBefore ?? [])]));
  const all = identityClasses(patterns.get('source.principal') ?? [], patterns.get('source.namespace') ?? [], trustDomains);
  return {
    name: 'identity',
    values: all
      .filter((identity) => (identity === undefined ? anonymous : !isAliasOf(identity, gates)))
      .map(
        (identity) => (probe) => (identity === undefined ? probe : { ...probe, connection: { ...probe.connection, identity } }),
      ),
  };
}

/** A waypoint under another of the mesh's trust domains is that waypoint to one generation, and somebody to the other. */
function isAliasOf(identity: string, gates: ReadonlySet<string>): boolean {
  const own = readIdentity(identity);
  return (
    !gates.has(identity) &&
    [...gates].some((gate) => {
      const other = readIdentity(gate);
      return other?.namespace === own?.namespace && other?.serviceAccount === own?.serviceAccount;
    })
  );
}

function connectionText(name: string, values: readonly string[], field: 'sourceIp' | 'sni'): Dimension {
  return {
    name,
    values: values.map((value) => (probe) => ({ ...probe, connection: { ...probe.connection, [field]: value } })),
  };
}

/** Gates get a server name in small letters, or none. */
function serverNames(patterns: Patterns): Dimension {
  const asked = patterns.get('connection.sni');
  const names = asked === undefined ? [] : textClasses(asked).filter((name) => name === name.toLowerCase());
  const { values } = connectionText('sni', names, 'sni');
  return { name: 'sni', values: asked === undefined ? [] : [same, ...values] };
}

function metadata(patterns: Patterns): Dimension[] {
  return bracketed(patterns, 'experimental.').map(([written, name, asked]) => {
    const filter = written.slice('experimental.'.length, written.indexOf('['));
    const texts = textClasses([...asked].map((value) => value.replace(/^\[+/, '').replace(/\]+$/, '')));
    const values: readonly JsonValue[] = texts.flatMap((text) => [text, [text], ['other-text', text]]);
    return {
      name: written,
      values: [same, ...values.map((value) => (probe: Probe) => publish(probe, filter, name, value))],
    };
  });
}

function publish(probe: Probe, filter: string, key: string, value: JsonValue): Probe {
  const published = probe.connection.metadata ?? {};
  const own = { ...published, [filter]: { ...published[filter], [key]: value } };
  return { ...probe, connection: { ...probe.connection, metadata: own } };
}

const requestFields = { ':method': 'method', ':path': 'path', ':authority': 'authority' } as const;

function requestTexts(patterns: Patterns): Dimension[] {
  return Object.entries(requestFields).flatMap(([key, field]) => {
    const asked = patterns.get(key);
    if (asked === undefined) return [];
    const values = textClasses(
      asked,
      key === ':path' ? [...pathExtras(asked)] : key === ':authority' ? [...withPorts(asked)] : [],
    );
    return [
      {
        name: key,
        values: values.map((value) => (probe: Probe) => ({ ...probe, request: { ...probe.request, [field]: value } })),
      },
    ];
  });
}

/** What stands in the query may look like a path. */
function* pathExtras(asked: Iterable<string>): Generator<string> {
  yield '/';
  for (const pattern of asked) {
    const core = pattern.replace(/^\*/, '').replace(/\*$/, '');
    const path = core.startsWith('/') ? core : `/${core}`;
    yield* [path, `${path}?q=1`, `${path}x?q=1`, `/other${path}`, `/other?q=${core}`, `${path}/../other`];
  }
}

function* withPorts(asked: Iterable<string>): Generator<string> {
  for (const pattern of asked) yield `${pattern.replaceAll('*', 'x')}:8080`;
}

function headers(patterns: Patterns): Dimension[] {
  return bracketed(patterns, 'request.headers[').map(([, name, asked]) => {
    const texts = textClasses(asked, ['']);
    const sent = [...texts.map((text) => [text]), ...texts.slice(0, 2).map((text) => ['other', text])];
    return {
      name: `header ${name}`,
      values: [
        same,
        ...sent.map((lines) => (probe: Probe) => {
          const added = lines.map((line) => [name, line] as const);
          return { ...probe, request: { ...probe.request, headers: [...probe.request.headers, ...added] } };
        }),
      ],
    };
  });
}

function tokens(binding: GateBinding, patterns: Patterns): Dimension[] {
  const issuers =
    binding.gate === 'ztunnel'
      ? []
      : binding.requestAuthentications.flatMap(({ jwtRules }) => jwtRules.flatMap(({ issuer }) => issuer ?? []));
  const claims = bracketed(patterns, 'request.auth.claims[').map(([, name, asked]) => {
    const texts = name === 'iss' ? issuers : textClasses(asked);
    const values = texts.flatMap((text): readonly JsonValue[] => (name === 'iss' ? [text] : [[text], ['other-text', text]]));
    return {
      name: `claim ${name}`,
      values: [same, ...values.map((value) => (probe: Probe) => withClaims(probe, { [name]: value }))],
    };
  });
  const principal = patterns.get('request.auth.principal');
  const presenter = patterns.get('request.auth.presenter');
  return [
    ...(principal === undefined
      ? []
      : [
          {
            name: 'token',
            values: [
              same,
              ...requestPrincipalClasses(principal, issuers).map((each) => (probe: Probe) => withClaims(probe, { ...each })),
            ],
          },
        ]),
    ...(presenter === undefined
      ? []
      : [
          {
            name: 'presenter',
            values: [same, ...textClasses(presenter).map((azp) => (probe: Probe) => withClaims(probe, { azp }))],
          },
        ]),
    ...claims,
  ];
}

function withClaims(probe: Probe, claims: JsonObject): Probe {
  const known = probe.request.authentication ?? { audiences: [], claims: {}, edits: { removed: [], added: [] } };
  const authentication = { ...known, claims: { ...known.claims, ...claims } };
  return { ...probe, request: { ...probe.request, authentication } };
}

const same = (probe: Probe): Probe => probe;

/** The patterns of keys that begin so, with the name in their brackets. */
function bracketed(patterns: Patterns, beginning: string): [key: string, name: string, asked: ReadonlySet<string>][] {
  return [...patterns].flatMap(([key, asked]) =>
    key.startsWith(beginning) && key.includes('[')
      ? [[key, key.slice(key.indexOf('[') + 1, -1), asked] as [string, string, ReadonlySet<string>]]
      : [],
  );
}
