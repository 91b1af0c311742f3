import type { ResourceBase } from '../model/metadata.js';
import type { JwtRule, RequestAuthentication } from '../model/request-authentication.js';
import { parseDuration } from '../validate/values/duration.js';
import type { Fields } from './fields.js';
import { decodeTargetRefs, decodeWorkloadSelector } from './selector.js';

const defaultTimeoutMs = 5000;

/** Decodes a RequestAuthentication (reference section 8.1). */
export function decodeRequestAuthentication(object: Fields, base: ResourceBase): RequestAuthentication {
  const spec = object.fields('spec');
  const selector = spec === undefined ? undefined : decodeWorkloadSelector(spec);
  const decoded: RequestAuthentication = {
    ...base,
    kind: 'RequestAuthentication',
    ...(selector === undefined ? {} : { selector }),
    targetRefs: spec === undefined ? [] : decodeTargetRefs(spec),
    jwtRules: (spec?.fieldsList('jwtRules') ?? []).map(decodeJwtRule),
  };
  spec?.refuseUnknown();
  return decoded;
}

/** Fields that are wrong are reported by validation; until then they read as absent. */
function decodeJwtRule(rule: Fields, index: number): JwtRule {
  const issuer = rule.string('issuer') || undefined;
  // Both spellings are in the schema of the resource.
  const jwksUri = (rule.string('jwksUri') ?? rule.string('jwks_uri')) || undefined;
  const jwks = rule.string('jwks') || undefined;
  const outputPayloadToHeader = rule.string('outputPayloadToHeader') || undefined;
  return {
    index,
    ...(issuer === undefined ? {} : { issuer }),
    audiences: rule.strings('audiences'),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(jwks === undefined ? {} : { jwks }),
    fromHeaders: rule
      .fieldsList('fromHeaders')
      .map((header) => ({ name: header.string('name') ?? '', prefix: header.string('prefix') ?? '' })),
    fromParams: rule.strings('fromParams'),
    fromCookies: rule.strings('fromCookies'),
    ...(outputPayloadToHeader === undefined ? {} : { outputPayloadToHeader }),
    outputClaimToHeaders: rule
      .fieldsList('outputClaimToHeaders')
      .map((output) => ({ header: output.string('header') ?? '', claim: output.string('claim') ?? '' })),
    forwardOriginalToken: rule.boolean('forwardOriginalToken') ?? false,
    timeoutMs: parseDuration(rule.string('timeout') ?? '') ?? defaultTimeoutMs,
    spaceDelimitedClaims: rule.strings('spaceDelimitedClaims'),
    span: rule.span,
  };
}
