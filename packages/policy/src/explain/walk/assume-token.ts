import { encodeBase64Url } from '../../authenticate/base64url.js';
import type { GatewayBinding, WaypointBinding } from '../../bind/binding.js';
import type { RequestDecider } from '../../decide/decider.js';
import { wireText } from '../../reference/wire-text.js';
import type { JwtRule } from '../../resource/model/index.js';
import type { JsonObject, RequestAttributes } from '../../verdict/attributes.js';
import { editedHeaders } from '../../verdict/edited-headers.js';
import type { Walk } from './walk.js';

/** A request at a gate that may look at tokens. */
export interface Authenticated {
  /** To be judged. */
  readonly request: RequestAttributes;
  /** To go on with. */
  readonly onward: RequestAttributes;
  readonly walk: Walk;
  readonly notes: readonly string[];
}

/**
 * Takes the claims of a question for those of a valid token, which stands where the first rule for its issuer looks at the first
 * gate that looks at all. Whatever else may be a token counts as bad, as nothing is verified here, and is named.
 */
export function assumeToken(
  walk: Walk,
  decider: RequestDecider,
  binding: WaypointBinding | GatewayBinding,
  request: RequestAttributes,
): Authenticated {
  const { claims } = walk.question;
  const rules = binding.requestAuthentications.flatMap(({ jwtRules }) => jwtRules);
  if (rules.length === 0) return { request, onward: request, walk, notes: [] };
  const compact = claims === undefined ? undefined : compactForm(claims);
  const sent =
    claims === undefined || compact === undefined || walk.tokenSent ? request : placed(rules, claims, compact, request);
  const knowledge = {
    now: claims === undefined ? 0 : timeWithin(claims),
    signatures: ({ token }: { readonly token: { readonly compact: string } }) =>
      token.compact === compact ? 'valid' : undefined,
  } as const;
  const stage = decider.authenticate(sent, knowledge);
  const edits = stage.request.authentication?.edits;
  const path = edits?.path === undefined ? {} : { path: edits.path };
  return {
    request: stage.request,
    onward: { ...sent, ...path, headers: editedHeaders(sent.headers, edits) },
    walk: { ...walk, tokenSent: true },
    notes: stage.wanted.length === 0 ? [] : [unverified],
  };
}

const unverified =
  'nothing is verified here, so the token of this request counts as bad; say what it claims with `--claims JSON`';

function compactForm(claims: JsonObject): string {
  const part = (value: JsonObject) => encodeBase64Url(wireText(JSON.stringify(value)));
  return [part({ alg: 'RS256' }), part(claims), encodeBase64Url('assumed')].join('.');
}

/** A time at which the token is valid, if there is one. */
function timeWithin({ exp, nbf }: JsonObject): number {
  return typeof exp === 'number' && exp > 0 ? exp : typeof nbf === 'number' ? nbf : 0;
}

function placed(rules: readonly JwtRule[], { iss }: JsonObject, compact: string, request: RequestAttributes): RequestAttributes {
  const rule = rules.find(({ issuer }) => issuer === iss) ?? rules.find(({ issuer }) => issuer === undefined) ?? rules[0];
  const [header] = rule?.fromHeaders ?? [];
  const [param] = rule?.fromParams ?? [];
  const [cookie] = rule?.fromCookies ?? [];
  if (header !== undefined) return withHeader(request, header.name, header.prefix + compact);
  if (param !== undefined)
    return { ...request, path: `${request.path}${request.path.includes('?') ? '&' : '?'}${param}=${compact}` };
  if (cookie !== undefined) return withHeader(request, 'cookie', `${cookie}=${compact}`);
  return withHeader(request, 'authorization', `Bearer ${compact}`);
}

function withHeader(request: RequestAttributes, name: string, value: string): RequestAttributes {
  return {
    ...request,
    headers: [...request.headers.filter(([each]) => each.toLowerCase() !== name.toLowerCase()), [name, value]],
  };
}
