import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  type Question,
  RECURSION_AVAILABLE,
  TRUNCATED_RESPONSE,
} from 'dns-packet';

/** How a question came, and is asked. */
export type Transport = 'udp' | 'tcp';

/** What there is to say about a lower-case name without its last dot. */
export type KnownName =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'unknown' | 'outside' | 'failed' };

/** Where a resolver has its answers from. */
export interface AnswerSource {
  readonly lookup: (name: string) => KnownName | Promise<KnownName>;
  /** Asks others about what is outside; undefined where none answers. */
  readonly askUpstream: (query: Buffer, transport: Transport) => Promise<Buffer | undefined>;
  /** Told of each question, by its type. */
  readonly asked?: (type: string, transport: Transport) => void;
  /** Told of each question that others were asked, with how many seconds their answer took, if there was one. */
  readonly forwarded?: (type: string, transport: Transport, seconds: number | undefined) => void;
}

/** As ztunnel has it (reference section 7.10). */
const ttl = 30;
const rcodes = { formatError: 1, failed: 2, unknown: 3, notImplemented: 4 } as const;
const recursionDesired = 0x100;
/** What every client takes over UDP; and what is sent at most to one that says it takes more. */
const plainSize = 512;
const largestSize = 1232;

/**
 * Answers one query; undefined for what is not one. What the mesh does not know is asked of others, and answered with SERVFAIL where none
 * of them answers. Never rejects.
 */
export async function answerQuery(query: Buffer, transport: Transport, source: AnswerSource): Promise<Buffer | undefined> {
  const packet = read(query);
  if (packet === undefined || packet.type !== 'query') return undefined;
  try {
    return await answerPacket(packet, query, transport, source);
  } catch {
    return reply(packet, { rcode: rcodes.failed });
  }
}

async function answerPacket(packet: Packet, query: Buffer, transport: Transport, source: AnswerSource): Promise<Buffer> {
  const [question, ...more] = packet.questions ?? [];
  if (question === undefined || more.length > 0) return reply(packet, { rcode: rcodes.formatError });
  if ((packet as { readonly opcode?: string }).opcode !== 'QUERY') return reply(packet, { rcode: rcodes.notImplemented });
  source.asked?.(question.type, transport);
  const known = await source.lookup(canonical(question.name));
  switch (known.kind) {
    case 'addresses': {
      const answer = reply(packet, { answers: records(question, known.addresses), authoritative: true });
      return transport === 'udp' ? fit(answer, packet) : answer;
    }
    case 'unknown':
      return reply(packet, { rcode: rcodes.unknown, authoritative: true });
    case 'failed':
      return reply(packet, { rcode: rcodes.failed });
    case 'outside': {
      const began = performance.now();
      const answer = await source.askUpstream(query, transport);
      source.forwarded?.(question.type, transport, answer && (performance.now() - began) / 1000);
      return answer ?? reply(packet, { rcode: rcodes.failed });
    }
  }
}

function canonical(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

function records({ type, name, class: kind }: Question, addresses: readonly string[]): Answer[] {
  if (kind !== undefined && kind !== 'IN') return [];
  return addresses.flatMap((data): Answer[] => {
    const own = data.includes(':') ? 'AAAA' : 'A';
    return type === own ? [{ type: own, class: 'IN', ttl, name, data }] : [];
  });
}

interface Reply {
  readonly rcode?: number;
  readonly answers?: Answer[];
  readonly authoritative?: boolean;
}

function reply({ id = 0, flags = 0, questions = [] }: Packet, { rcode = 0, answers = [], authoritative = false }: Reply): Buffer {
  const bits = RECURSION_AVAILABLE | (flags & recursionDesired) | (authoritative ? AUTHORITATIVE_ANSWER : 0) | rcode;
  return encode({ type: 'response', id, flags: bits, questions, answers });
}

/** What does not fit into a datagram that the client takes is asked for again over TCP. */
function fit(answer: Buffer, query: Packet): Buffer {
  const opt = query.additionals?.find(({ type }) => type === 'OPT') as { readonly udpPayloadSize?: number } | undefined;
  const size = Math.min(Math.max(opt?.udpPayloadSize ?? plainSize, plainSize), largestSize);
  if (answer.length <= size) return answer;
  const { id = 0, flags = 0, questions = [] } = read(answer) ?? {};
  return encode({ type: 'response', id, flags: flags | TRUNCATED_RESPONSE, questions });
}

function read(message: Buffer): Packet | undefined {
  try {
    return decode(message);
  } catch {
    return undefined;
  }
}
