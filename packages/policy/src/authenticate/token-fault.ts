/** What makes a token unacceptable: a closed list, in the words of Envoy's answer (reference section 8.3). */
export const tokenFaults = {
  format: 'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections',
  'header-base64': 'Jwt header is an invalid Base64url encoded',
  'header-json': 'Jwt header is an invalid JSON',
  'header-alg': 'Jwt header [alg] field is required and must be a string',
  'algorithm-unknown': 'Jwt header [alg] is not supported',
  'header-kid': 'Jwt header [kid] field is not a string',
  'payload-base64': 'Jwt payload is an invalid Base64url encoded',
  'payload-json': 'Jwt payload is an invalid JSON',
  'iss-type': 'Jwt payload [iss] field is not a string',
  'sub-type': 'Jwt payload [sub] field is not a string',
  'iat-type': 'Jwt payload [iat] field is not an integer',
  'iat-range': 'Jwt payload [iat] field is not a positive 64 bit integer',
  'nbf-type': 'Jwt payload [nbf] field is not an integer',
  'nbf-range': 'Jwt payload [nbf] field is not a positive 64 bit integer',
  'exp-type': 'Jwt payload [exp] field is not an integer',
  'exp-range': 'Jwt payload [exp] field is not a positive 64 bit integer',
  'aud-type': 'Jwt payload [aud] field is not a string or string list',
  'jti-type': 'Jwt payload [jti] field is not a string',
  'signature-base64': 'Jwt signature is an invalid Base64url encoded',
  issuer: 'Jwt issuer is not configured',
  'not-yet-valid': 'Jwt not yet valid',
  expired: 'Jwt is expired',
  audience: 'Audiences in Jwt are not allowed',
  'no-key': "Jwks doesn't have key to match kid or alg from Jwt",
  signature: 'Jwt verification fails',
  'keys-unavailable': 'Jwks remote fetch is failed',
} as const;

/** Why a token is refused. */
export type TokenFault = keyof typeof tokenFaults;
