import type { Authentication, JsonObject, JsonValue } from '../verdict/attributes.js';

/** The filter that publishes who the peer is and what the token says. */
export const authenticationFilter = 'istio_authn';

const scheme = 'spiffe://';

/**
 * What the authentication filter publishes (legacy reference section 2.5): the peer without its scheme, and of the token `iss/sub`, the
 * first audience, the presenter and the claims, each of them a list. A text of several words is a list of words, and what is
 * made of a single text takes the first of them.
 */
export function authenticationMetadata(identity: string | undefined, authentication: Authentication | undefined): JsonObject {
  const peer = identity?.startsWith(scheme) === true ? identity.slice(scheme.length) : identity;
  return {
    ...(peer ? { 'source.principal': peer, 'source.user': peer } : {}),
    ...(authentication === undefined ? {} : tokenMetadata(authentication)),
  };
}

function tokenMetadata({ claims }: Authentication): JsonObject {
  const lists = Object.fromEntries(
    Object.entries(claims).flatMap(([name, value]) => {
      const words = wordsOf(value);
      return words.length === 0 ? [] : [[name, words] as const];
    }),
  );
  const first = (name: string) => (Object.hasOwn(lists, name) ? lists[name]?.[0] : undefined);
  const [issuer, subject, audience, presenter] = ['iss', 'sub', 'aud', 'azp'].map(first);
  return {
    ...(issuer === undefined || subject === undefined ? {} : { 'request.auth.principal': `${issuer}/${subject}` }),
    ...(audience === undefined ? {} : { 'request.auth.audiences': audience }),
    ...(presenter === undefined ? {} : { 'request.auth.presenter': presenter }),
    ...(Object.keys(lists).length === 0 ? {} : { 'request.auth.claims': lists }),
  };
}

/** A list of texts as it is, a text by its words; other values are not exported. */
function wordsOf(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '');
  if (!Array.isArray(value)) return [];
  const items: readonly JsonValue[] = value;
  return items.flatMap((item) => (typeof item === 'string' ? [item] : []));
}
