import { assertNever } from '../assert-never.js';
import type { JsonObject } from '../verdict/attributes.js';
import { claimTexts } from '../verdict/claims.js';
import type { Attribute } from './attribute.js';
import type { Facts } from './facts.js';
import { matchesNamespace, matchesPrincipal, matchesServiceAccount, matchesTrustDomain } from './identity.js';
import { type IpAddress, rangeHolds, readIpRange } from './ip-range.js';
import { matchesMetadata } from './metadata.js';
import { isPathTemplate, matchesPathTemplate } from './path-template.js';
import { matchesRequestPrincipal } from './request-principal.js';
import { lowerAscii, matchesPattern, matchesPresentPattern } from './string-pattern.js';
import { wireText } from './wire-text.js';

/**
 * Whether one value of a rule matches what the gate sees of an attribute, as Envoy matches it (reference sections 3.2 and 3.3).
 */
export function matchesValue(attribute: Attribute, value: string, policyNamespace: string, facts: Facts): boolean {
  switch (attribute.kind) {
    case 'principal':
      return matchesPrincipal(value, facts.identity);
    case 'namespace':
      return matchesNamespace(value, facts.identity);
    case 'service-account':
      return matchesServiceAccount(value, policyNamespace, facts.identity);
    case 'trust-domain':
      return matchesTrustDomain(value, facts.identity);
    case 'source-ip':
      return matchesIp(value, facts.sourceIp);
    case 'remote-ip':
      return matchesIp(value, facts.remoteIp);
    case 'destination-ip':
      return matchesIp(value, facts.destinationIp);
    case 'destination-port':
      return Number(value) === facts.destinationPort;
    case 'sni':
      return facts.sni !== undefined && matchesPattern(wireText(value), facts.sni);
    case 'host':
      return matchesHost(wireText(value), facts.http?.authority);
    case 'method':
      return facts.http !== undefined && matchesPresentPattern(wireText(value), facts.http.method);
    case 'path':
      return matchesPath(wireText(value), facts.http?.path);
    case 'header':
      return matchesHeader(attribute.name, wireText(value), facts);
    case 'request-principal':
      return matchesRequestPrincipal(value, facts.http?.claims);
    case 'claim':
      return matchesClaim(attribute.path, value, facts.http?.claims);
    case 'metadata':
      return matchesMetadata(attribute, value, facts.metadata);
    default:
      return assertNever(attribute);
  }
}

function matchesIp(value: string, address: IpAddress | undefined): boolean {
  const range = readIpRange(value);
  return range !== undefined && address !== undefined && rangeHolds(range, address);
}

function matchesHost(value: string, authority: string | undefined): boolean {
  return authority !== undefined && matchesPresentPattern(lowerAscii(value), lowerAscii(authority));
}

function matchesPath(value: string, path: string | undefined): boolean {
  if (path === undefined) return false;
  return isPathTemplate(value) ? matchesPathTemplate(value, path) : matchesPattern(value, path);
}

function matchesHeader(name: string | undefined, value: string, facts: Facts): boolean {
  if (name === undefined || facts.http === undefined) return false;
  return facts.http.headers(lowerAscii(name)).some((each) => matchesPresentPattern(value, each));
}

function matchesClaim(path: readonly string[] | undefined, value: string, claims: JsonObject | undefined): boolean {
  if (path === undefined || claims === undefined) return false;
  return claimTexts(claims, path).some((text) => matchesPattern(value, text));
}
