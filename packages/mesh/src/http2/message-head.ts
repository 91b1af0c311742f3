import type { HeaderField } from './hpack/dynamic-table.js';

/** Fields of a message, pseudo-header fields included; values of fields that came more than once are joined. */
export type MessageHead = Readonly<Record<string, string | undefined>>;

/** Fields to send. */
export type OutgoingHead = Readonly<Record<string, string>>;

/** A head, or why the message is malformed (RFC 9113 section 8.1.1), which ends its stream. */
export type HeadResult = { readonly head: MessageHead } | { readonly malformed: string };

/** Fields that belong to HTTP/1.1 (RFC 9113 section 8.2.2). */
const connectionSpecific = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

const requestPseudo = new Set([':method', ':scheme', ':authority', ':path']);
const responsePseudo = new Set([':status']);

const fieldName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** Reads the head of a request. A CONNECT has an authority, and neither scheme nor path (RFC 9113 section 8.5). */
export function requestHead(fields: readonly HeaderField[]): HeadResult {
  const result = readHead(fields, requestPseudo);
  if ('malformed' in result) return result;
  const { head } = result;
  if (head[':method'] === undefined) return { malformed: 'no method' };
  if (head[':method'] !== 'CONNECT') return result;
  if (head[':scheme'] !== undefined || head[':path'] !== undefined) return { malformed: 'CONNECT with a scheme or path' };
  return head[':authority'] ? result : { malformed: 'CONNECT without an authority' };
}

/** Reads the head of a response. */
export function responseHead(fields: readonly HeaderField[]): HeadResult {
  const result = readHead(fields, responsePseudo);
  if ('malformed' in result) return result;
  const status = result.head[':status'] ?? '';
  return status.length === 3 && [...status].every((digit) => digit >= '0' && digit <= '9') ? result : { malformed: 'no status' };
}

function readHead(fields: readonly HeaderField[], pseudo: ReadonlySet<string>): HeadResult {
  // Without a prototype: no name means anything but what was sent.
  const head: Record<string, string | undefined> = Object.create(null);
  let regular = false;
  for (const [name, value] of fields) {
    const wrong = name.startsWith(':') ? wrongPseudo(name, head, regular, pseudo) : wrongName(name, value);
    if (wrong !== undefined) return { malformed: wrong };
    if (!isFieldValue(value)) return { malformed: `field \`${name}\` with a value that is none` };
    regular ||= !name.startsWith(':');
    const before = head[name];
    head[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return { head };
}

function wrongPseudo(name: string, head: MessageHead, regular: boolean, pseudo: ReadonlySet<string>): string | undefined {
  if (!pseudo.has(name)) return `pseudo-header field \`${name}\``;
  if (regular) return `pseudo-header field \`${name}\` after another field`;
  return head[name] === undefined ? undefined : `pseudo-header field \`${name}\` twice`;
}

function wrongName(name: string, value: string): string | undefined {
  if (!fieldName.test(name)) return 'field with a name that is none';
  if (connectionSpecific.has(name)) return `field \`${name}\` of HTTP/1.1`;
  return name === 'te' && value !== 'trailers' ? 'field `te`' : undefined;
}

/** RFC 9113 section 8.2.1. */
function isFieldValue(value: string): boolean {
  if (value.includes('\0') || value.includes('\r') || value.includes('\n')) return false;
  return value === '' || (!isBlank(value.charAt(0)) && !isBlank(value.charAt(value.length - 1)));
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t';
}
