import type { GatewayBinding, WaypointBinding } from '../../bind/binding.js';
import type { HttpFacts } from '../../reference/facts.js';
import { type HeaderView, headerView, isPlainHeader } from '../../reference/headers.js';
import type { ConnectionAttributes, JsonObject, RequestAttributes } from '../../verdict/attributes.js';
import { trimBlanks } from '../../verdict/trim-blanks.js';

const none: readonly string[] = [];

/** The half of a `RequestView` that is about HTTP. */
export class HttpView implements HttpFacts {
  readonly headers: HeaderView = (name) => this.#valuesOf(name);
  #connection: ConnectionAttributes | undefined;
  #request: RequestAttributes = { method: '', path: '', authority: '', headers: [], httpVersion: 1 };
  #pathEnd = 0;
  #whole: HeaderView | undefined;
  /** A list of one, lent to whoever asks for a header until the next one is asked for. */
  readonly #lent = [''];

  constructor(private readonly binding: WaypointBinding | GatewayBinding) {}

  turnTo(connection: ConnectionAttributes, request: RequestAttributes, pathEnd: number): void {
    this.#connection = connection;
    this.#request = request;
    this.#pathEnd = pathEnd;
    this.#whole = undefined;
  }

  get method(): string {
    return this.#request.method;
  }

  get authority(): string {
    return this.#request.authority;
  }

  get path(): string {
    const { path } = this.#request;
    return this.#pathEnd === path.length ? path : path.slice(0, this.#pathEnd);
  }

  get claims(): JsonObject | undefined {
    return this.#request.authentication?.claims;
  }

  get tokenRefused(): boolean {
    return this.#request.authentication?.refused !== undefined;
  }

  /** A header that the gate leaves alone, with one line or none, is read where it is. */
  #valuesOf(name: string): readonly string[] {
    if (!isPlainHeader(name)) return this.#wholeView(name);
    let found: string | undefined;
    for (const [each, value] of this.#request.headers) {
      if (!isName(each, name)) continue;
      if (found !== undefined) return this.#wholeView(name);
      found = value;
    }
    if (found === undefined) return none;
    this.#lent[0] = trimBlanks(found);
    return this.#lent;
  }

  #wholeView(name: string): readonly string[] {
    const { path } = this.#request;
    const from = this.binding.gate === 'gateway' ? (this.#connection?.remoteIp ?? this.#connection?.sourceIp) : undefined;
    this.#whole ??= headerView(this.#request, { path, ...(from === undefined ? {} : { appendForwardedFor: from }) });
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
