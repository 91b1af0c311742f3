import type { GatewayBinding, WaypointBinding } from '../../bind/binding.js';
import type { HttpFacts } from '../../reference/facts.js';
import { type HeaderView, headerView, isPlainHeader } from '../../reference/headers.js';
import type { ConnectionAttributes, JsonObject, RequestAttributes } from '../../verdict/attributes.js';
import { editedHeaders } from '../../verdict/edited-headers.js';
import { trimBlanks } from '../../verdict/trim-blanks.js';

const none: readonly string[] = [];

/** The half of a `RequestView` that is about HTTP. */
export class HttpView implements HttpFacts {
  readonly headers: HeaderView = (name) => this.#valuesOf(name);
  #connection: ConnectionAttributes | undefined;
  #request: RequestAttributes = { method: '', path: '', authority: '', headers: [], httpVersion: 1 };
  #path = '';
  #whole: HeaderView | undefined;
  /** A list of one, lent to whoever asks for a header until the next one is asked for. */
  readonly #lent = [''];

  constructor(private readonly binding: WaypointBinding | GatewayBinding) {}

  turnTo(connection: ConnectionAttributes, request: RequestAttributes, path: string): void {
    this.#connection = connection;
    this.#request = request;
    this.#path = path;
    this.#whole = undefined;
  }

  get method(): string {
    return this.#request.method;
  }

  get authority(): string {
    return this.#request.authority;
  }

  get path(): string {
    return this.#path;
  }

  get claims(): JsonObject | undefined {
    return this.#request.authentication?.claims;
  }

  get tokenRefused(): boolean {
    return this.#request.authentication?.refused !== undefined;
  }

  /** A header that the gate leaves alone, with one line or none, is read where it is, and so is what is written as headers but is none. */
  #valuesOf(name: string): readonly string[] {
    if (!isPlainHeader(name)) return this.#notPlain(name);
    const edits = this.#request.authentication?.edits;
    const isRemoved = edits !== undefined && edits.removed.length > 0 && edits.removed.includes(name);
    const sent = isRemoved ? none : this.#only(this.#request.headers, name);
    const added = edits === undefined ? none : this.#only(edits.added, name);
    if (sent === undefined || added === undefined || (sent !== none && added !== none)) return this.#wholeView(name);
    return added === none ? sent : added;
  }

  /** The value of the only line of a header; undefined where there are several. */
  #only(lines: RequestAttributes['headers'], name: string): readonly string[] | undefined {
    let found: string | undefined;
    for (const [each, value] of lines) {
      if (!isName(each, name)) continue;
      if (found !== undefined) return undefined;
      found = value;
    }
    return found === undefined ? none : this.#lend(trimBlanks(found));
  }

  #notPlain(name: string): readonly string[] {
    const { path, method, authority, scheme } = this.#request;
    switch (name) {
      case ':path':
        return this.#lend(path);
      case ':method':
        return this.#lend(method);
      case ':authority':
      case 'host':
        return this.#lend(authority);
      case ':scheme':
        return this.#lend(scheme ?? 'http');
      default:
        return this.#wholeView(name);
    }
  }

  #lend(value: string): readonly string[] {
    this.#lent[0] = value;
    return this.#lent;
  }

  #wholeView(name: string): readonly string[] {
    const { path, headers, authentication } = this.#request;
    const from = this.binding.gate === 'gateway' ? (this.#connection?.remoteIp ?? this.#connection?.sourceIp) : undefined;
    this.#whole ??= headerView(
      { ...this.#request, headers: editedHeaders(headers, authentication?.edits) },
      { path, ...(from === undefined ? {} : { appendForwardedFor: from }) },
    );
    return this.#whole(name);
  }
}

/** Whether a name as it was sent is a name in lower case. */
function isName(sent: string, name: string): boolean {
  if (sent.length !== name.length) return false;
  for (let at = 0; at < sent.length; at++) {
    const code = sent.charCodeAt(at);
    const lower = code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
    if (lower !== name.charCodeAt(at)) return false;
  }
  return true;
}
