import type { Text } from '../../../diagnostic/span.js';
import type { Fields } from '../../decode/fields.js';
import { parseDuration } from '../values/duration.js';
import { isJwks } from '../values/jwks.js';
import { isReservedOutput } from '../values/output-header.js';
import { refuseEmpty } from './empty-lists.js';

const maximumUriLength = 2048;
const maximumClaims = 64;
const headerName = /^[-_A-Za-z0-9]+$/;
/** Lists without which a rule takes more tokens, or takes them from elsewhere. */
const narrowing = ['audiences', 'fromHeaders', 'fromParams', 'fromCookies'] as const;
const keySources = ['jwksUri', 'jwks_uri', 'jwks'] as const;

/** Checks one entry of `jwtRules` (reference section 8.1). */
export function checkJwtRule(rule: Fields): void {
  checkIssuer(rule);
  checkKeys(rule);
  checkLocations(rule);
  checkOutput(rule);
  checkTimeout(rule);
  for (const name of ['audiences', 'spaceDelimitedClaims']) refuseEmptyTexts(rule, name);
  rule.limit('spaceDelimitedClaims', maximumClaims);
  refuseEmpty(rule, narrowing);
  rule.boolean('forwardOriginalToken');
  rule.refuseUnknown();
}

function checkIssuer(rule: Fields): void {
  const issuer = rule.text('issuer');
  if (issuer?.value === '')
    rule.report('jwt-rule', issuer.span, 'the issuer is empty', { hint: 'write the `iss` of the tokens, or remove the field' });
  if (rule.has('issuer') || rule.has('jwksUri') || rule.has('jwks_uri')) return;
  rule.report('jwt-rule', rule.span, 'a JWT rule has neither issuer nor `jwksUri`', { hint: 'write the `iss` of the tokens' });
}

function checkKeys(rule: Fields): void {
  const [first, ...others] = keySources.filter((name) => rule.has(name));
  for (const other of others) {
    rule.report('jwt-rule', rule.nameSpan(other), `\`${other}\` stands beside \`${first}\``, {
      hint: 'keep one: keys come from an address or stand here',
    });
  }
  for (const name of ['jwksUri', 'jwks_uri']) {
    const uri = rule.text(name);
    if (uri === undefined || (uri.value.length <= maximumUriLength && isHttpUrl(uri.value))) continue;
    rule.report('jwt-rule', uri.span, `\`${uri.value}\` is not an address of keys`, {
      hint: `write an http or https URL of at most ${maximumUriLength} characters`,
    });
  }
  const jwks = rule.text('jwks');
  if (jwks !== undefined && jwks.value !== '' && !isJwks(jwks.value)) {
    rule.report('jwt-rule', jwks.span, '`jwks` is not a JSON Web Key Set', { hint: 'write `{"keys": […]}` with complete keys' });
  }
}

/** Scheme, `//`, an authority without blanks and with a numeric port, and no broken percent escape. */
function isHttpUrl(text: string): boolean {
  return (
    /^https?:\/\/([^/?#\s]*@)?(\[[^\]\s]*\]|[^:/?#[\]@\s]*)(:[0-9]*)?([/?#]\S*)?$/i.test(text) &&
    !/%(?![0-9a-fA-F]{2})/.test(text)
  );
}

function checkLocations(rule: Fields): void {
  for (const header of rule.fieldsList('fromHeaders')) {
    header.require('name', 'name the header that holds the token');
    header.string('prefix');
    refuseEmptyText(header, 'name');
    header.refuseUnknown();
  }
  for (const name of ['fromParams', 'fromCookies']) refuseEmptyTexts(rule, name);
}

function checkOutput(rule: Fields): void {
  const payload = rule.text('outputPayloadToHeader');
  if (payload !== undefined) checkOutputHeader(rule, payload);
  for (const output of rule.fieldsList('outputClaimToHeaders')) {
    for (const name of ['header', 'claim']) {
      output.require(name, 'write the header and the claim that goes into it');
      refuseEmptyText(output, name);
    }
    const header = output.text('header');
    if (header !== undefined && header.value !== '' && !headerName.test(header.value)) {
      output.report('jwt-rule', header.span, `\`${header.value}\` is not the name of a header`, {
        hint: 'write letters, digits, `-` and `_`',
      });
    } else if (header !== undefined) checkOutputHeader(output, header);
    output.refuseUnknown();
  }
}

/** In `strict` a token fills no header that the gates themselves go by. */
function checkOutputHeader(fields: Fields, { value, span }: Text): void {
  if (fields.context.dialect.name !== 'strict' || !isReservedOutput(value)) return;
  fields.report('jwt-output-header', span, `header \`${value}\` is not a token's to fill: it says how the request travels`, {
    hint: 'choose a name of your own, such as `x-jwt-sub`',
  });
}

function checkTimeout(rule: Fields): void {
  const timeout = rule.text('timeout');
  if (timeout === undefined) return;
  const milliseconds = parseDuration(timeout.value);
  if (milliseconds !== undefined && milliseconds >= 1 && Number.isInteger(milliseconds)) return;
  rule.report('jwt-rule', timeout.span, `\`${timeout.value}\` is not a duration of whole milliseconds, at least one`, {
    hint: 'write a duration such as `5s`',
  });
}

function refuseEmptyTexts(fields: Fields, name: string): void {
  for (const { value, span } of fields.texts(name)) {
    if (value === '') fields.report('empty-value', span, `\`${name}\` has an empty value`, { hint: 'remove it' });
  }
}

function refuseEmptyText(fields: Fields, name: string): void {
  const text = fields.text(name);
  if (text?.value === '') fields.report('empty-value', text.span, `\`${name}\` is empty`, { hint: 'write a name' });
}
