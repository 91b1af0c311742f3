// Node's own parser (llhttp, strict), without a socket: what our reader accepts is compared with what it reads.
import { createRequire } from 'node:module';

/** One message as a parser read it. */
export interface ReadMessage {
  readonly start: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
}

/** What became of some bytes: the messages in full, and whether the parser refused what followed. */
export interface Reading {
  readonly messages: readonly ReadMessage[];
  readonly refused: boolean;
}

interface NodeParser {
  initialize(type: number, resource: object): void;
  execute(bytes: Buffer): number | Error;
  [callback: number]: unknown;
}

interface NodeParserClass {
  new (): NodeParser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

const { HTTPParser, methods } = createRequire(import.meta.url)('_http_common') as {
  readonly HTTPParser: NodeParserClass;
  readonly methods: readonly string[];
};

interface Started {
  start: string;
  headers: [string, string][];
  body: string;
  trailers: [string, string][];
}

/** Reads bytes as requests, or as responses to `method`, until they are refused, an upgrade begins, or they end. */
export function readByNode(bytes: Buffer, kind: 'request' | { readonly method: string }): Reading {
  const messages: Started[] = [];
  const parser = new HTTPParser();
  let current: Started | undefined;
  // What was handed out before the head was complete; after trailers Node.js does so for every message.
  let early: string[] = [];
  let earlyTarget = '';
  let stopped = false;
  parser.initialize(kind === 'request' ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {});
  parser[HTTPParser.kOnHeaders] = (raw: string[], target: string) => {
    if (current === undefined) {
      early = [...early, ...raw];
      earlyTarget += target;
    } else current.trailers.push(...pairs(raw));
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    major: number,
    minor: number,
    raw: string[] | undefined,
    method: number | undefined,
    target: string | undefined,
    status: number,
    _reason: string,
    upgrade: boolean,
  ): number => {
    const start = kind === 'request' ? `${methods[method ?? -1]} ${target ?? earlyTarget} ${major}.${minor}` : String(status);
    current = { start, headers: pairs([...early, ...(raw ?? [])]), body: '', trailers: [] };
    early = [];
    earlyTarget = '';
    if (!upgrade) return kind !== 'request' && kind.method === 'HEAD' ? 1 : 0;
    stopped = true;
    return 2;
  };
  parser[HTTPParser.kOnBody] = (chunk: Buffer) => {
    if (current !== undefined) current.body += chunk.toString('latin1');
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    if (current !== undefined) messages.push(current);
    current = undefined;
  };
  const result = parser.execute(bytes);
  return { messages, refused: result instanceof Error && !stopped };
}

function pairs(raw: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) list.push([(raw[at] ?? '').toLowerCase(), raw[at + 1] ?? '']);
  return list;
}
