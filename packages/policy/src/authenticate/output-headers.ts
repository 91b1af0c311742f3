import { wireText } from '../reference/wire-text.js';
import type { JwtRule } from '../resource/model/index.js';
import type { JsonValue } from '../verdict/attributes.js';
import { claimAt } from '../verdict/claims.js';
import { encodeBase64 } from './base64url.js';
import type { EditedRequest } from './edited-request.js';
import type { Token } from './read-token.js';

/** Removes what a client sent in the headers that a rule sets, whether or not there is a token (reference section 0.10). */
export function removeOutputHeaders(rule: JwtRule, request: EditedRequest): void {
  for (const name of outputHeaders(rule)) request.remove(name);
}

/**
 * As `removeOutputHeaders`, together with names that differ in `_` for `-` only: many applications take one for the other, so that
 * a client could speak in the place of the gate.
 */
export function removeLookalikes(rule: JwtRule, request: EditedRequest): void {
  for (const name of outputHeaders(rule)) {
    for (const sent of request.names()) if (folded(sent) === folded(name)) request.remove(sent);
  }
}

/** The headers that a rule sets. */
export function outputHeaders({ outputPayloadToHeader, outputClaimToHeaders }: JwtRule): readonly string[] {
  const claims = outputClaimToHeaders.map(({ header }) => header);
  return outputPayloadToHeader === undefined ? claims : [outputPayloadToHeader, ...claims];
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** Adds the headers in which a rule passes on what its token says. */
export function addOutputHeaders(rule: JwtRule, token: Token, request: EditedRequest): void {
  if (rule.outputPayloadToHeader !== undefined) request.add(rule.outputPayloadToHeader, token.payloadText);
  for (const { header, claim } of rule.outputClaimToHeaders) {
    const value = headerValue(claimAt(token.payload, claim.split('.')));
    if (value !== '') request.add(header, value);
  }
}

/** A claim as a header: lists and objects as padded base64 of their JSON, nothing for null (reference section 0.10). */
function headerValue(claim: JsonValue | undefined): string {
  if (claim === undefined || claim === null) return '';
  if (typeof claim === 'string') return wireText(claim);
  if (typeof claim === 'number') return numberText(claim);
  if (typeof claim === 'boolean') return String(claim);
  return encodeBase64(wireText(jsonText(claim)));
}

/** Whole numbers of 64 bits as such, all others with six decimals. */
function numberText(value: number): string {
  const isWhole = Number.isInteger(value) && value >= 0;
  if (isWhole && value < 2 ** 64) return BigInt(value).toString();
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`;
}

/** JSON in which angle brackets are escaped, as upstream's writer does. */
function jsonText(claim: JsonValue): string {
  return JSON.stringify(claim).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e');
}
