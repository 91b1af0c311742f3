import { readJsonObject } from '../../authenticate/read-json.js';
import type { GatewayInfo, Inventory } from '../../inventory/inventory.js';
import { parseIpAddress } from '../../inventory/ip-address.js';
import type { JsonObject, RequestAttributes } from '../../verdict/attributes.js';
import { parseClient } from './parse-client.js';
import { parseTarget } from './parse-target.js';
import { type Question, QuestionError, type QuestionProblem, type QuestionText } from './question.js';

/** Reads a question as somebody typed it against an inventory. A problem is a value: nothing is thrown. */
export function parseQuestion(
  inventory: Inventory,
  text: QuestionText,
): { readonly question: Question } | { readonly problem: QuestionProblem } {
  try {
    return { question: readQuestion(inventory, text) };
  } catch (error) {
    if (!(error instanceof QuestionError)) throw error;
    return { problem: { message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) } };
  }
}

function readQuestion(inventory: Inventory, text: QuestionText): Question {
  const client = parseClient(inventory, text.from);
  const via = text.via === undefined ? undefined : parseGateway(inventory, text.via);
  if (via !== undefined && text.plaintext) {
    throw new QuestionError(
      '`--plaintext` and `--via` exclude each other',
      'a request through a gateway never reaches the pod in plaintext from the client',
    );
  }
  const proxiedFor = text.proxiedFor === undefined ? undefined : parseProxied(text.proxiedFor, via);
  const { target, path, authority } = parseTarget(inventory, text.to, client, via);
  const request = readRequest(text, path, authority, target.scheme);
  const sni = text.sni ?? (target.scheme === 'https' && !isAddress(target.host) ? target.host : undefined);
  return {
    client,
    target,
    ...(via === undefined ? {} : { via }),
    ...(proxiedFor === undefined ? {} : { proxiedFor }),
    plaintext: text.plaintext ?? false,
    request,
    ...(sni === undefined ? {} : { sni }),
    ...(text.claims === undefined ? {} : { claims: parseClaims(text.claims) }),
    ...(text.custom === undefined ? {} : { custom: parseCustom(text.custom) }),
  };
}

function readRequest(text: QuestionText, urlPath: string, authority: string, scheme: string): RequestAttributes {
  const headers = (text.headers ?? []).map(parseHeader);
  const host = headers.find(([name]) => name.toLowerCase() === 'host');
  const path = text.path ?? urlPath;
  if (!path.startsWith('/') && path !== '*') throw new QuestionError(`\`${path}\` is not a path`, 'a path begins with `/`');
  return {
    method: text.method ?? 'GET',
    path,
    authority: host?.[1] ?? authority,
    scheme: scheme === 'https' ? 'https' : 'http',
    headers: headers.filter((header) => header !== host),
    httpVersion: 1,
  };
}

function parseProxied(text: string, via: GatewayInfo | undefined): string {
  const address = parseIpAddress(text);
  if (address === undefined)
    throw new QuestionError(`\`${text}\` is not an IP address`, 'a PROXY header tells an address, without port');
  if (via?.topology.proxyProtocol !== true) {
    const where = via === undefined ? 'without `--via` there is no gateway' : `gateway \`${via.key}\` takes no PROXY header`;
    throw new QuestionError(
      `\`--proxied-for\` tells what is in a PROXY header, and ${where}`,
      'turn it on by `gatewayTopology: {proxyProtocol: {}}` in the annotation `proxy.istio.io/config` or in MeshConfig',
    );
  }
  return address;
}

function parseCustom(text: string): 'allow' | 'deny' {
  if (text === 'allow' || text === 'deny') return text;
  throw new QuestionError(`\`${text}\` is no answer of an external authorizer`, 'write `allow` or `deny`');
}

function parseClaims(text: string): JsonObject {
  const claims = readJsonObject(text);
  if (claims === undefined)
    throw new QuestionError(
      `\`${text}\` is not a JSON object of claims`,
      'write them as \'{"iss": "https://issuer.example", "sub": "ann"}\'',
    );
  return claims;
}

function parseHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(':', text.startsWith(':') ? 1 : 0);
  const name = text.slice(0, colon).trim();
  if (colon < 1 || name === '') throw new QuestionError(`\`${text}\` is not a header`, "write it as 'NAME: VALUE'");
  return [name, text.slice(colon + 1).trim()];
}

function parseGateway(inventory: Inventory, text: string): GatewayInfo {
  const key = text.includes('/') ? text : `default/${text}`;
  const gateway = inventory.gateways.get(key);
  if (gateway === undefined) {
    const known = [...inventory.gateways.values()]
      .filter((candidate) => candidate.role === 'ingress')
      .map((candidate) => candidate.key);
    throw new QuestionError(`there is no Gateway \`${key}\``, listOf('ingress gateways here', known));
  }
  if (gateway.role === 'waypoint') {
    throw new QuestionError(
      `\`${key}\` is a waypoint, not an ingress gateway`,
      'the walk finds waypoints by itself: leave `--via` out',
    );
  }
  return gateway;
}

function listOf(title: string, names: readonly string[]): string {
  return names.length === 0 ? `there are no ${title}` : `${title}: ${names.slice(0, 5).join(', ')}`;
}

function isAddress(host: string): boolean {
  return (
    host.includes(':') ||
    (host !== '' && [...host].every((character) => character === '.' || (character >= '0' && character <= '9')))
  );
}
