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
import type { NameAnswer } from './lookup-name.js';
import { askUpstream, type Transport } from './upstream.js';

/** Says what the mesh knows about a lower-case name without its last dot. */
export type Lookup = (name: string) => NameAnswer;

/** As ztunnel has it (reference section 7.10). */
const ttl = 30;
const rcodes = { formatError: 1, failed: 2, unknown: 3, notImplemented: 4 } as const;
/** What every client takes over UDP; and what is sent to one that says it takes more. */
const plainSize = 512;
const largestSize = 1232;
/** Aliases that may lead to aliases. */
const mostAliases = 8;

/**
 * Answers one query; undefined for what is not one. What the mesh does not know is asked of this machine's resolvers, and answered with
 * SERVFAIL where none of them answers.
 */
export async function answerQuery(query: Buffer, transport: Transport, lookup: Lookup): Promise<Buffer | undefined> {
  const packet = read(query);
  if (packet === undefined || packet.type !== 'query') return undefined;
  const [question, ...more] = packet.questions ?? [];
  if (question === undefined || more.length > 0) return reply(packet, { rcode: rcodes.formatError });
  if ((packet as { readonly opcode?: string }).opcode !== 'QUERY') return reply(packet, { rcode: rcodes.notImplemented });
  const answer = await answerQuestion(packet, question, query, transport, lookup);
  return transport === 'udp' ? fit(answer, packet) : answer;
}

async function answerQuestion(
  packet: Packet,
  question: Question,
  query: Buffer,
  transport: Transport,
  lookup: Lookup,
): Promise<Buffer> {
  const aliases: Answer[] = [];
  let name = question.name;
  for (let hops = 0; hops <= mostAliases; hops += 1) {
    const known = lookup(name.toLowerCase());
    switch (known.kind) {
      case 'addresses':
        return reply(packet, { answers: [...aliases, ...records(question, name, known.addresses)], authoritative: true });
      case 'unknown':
        return reply(packet, { rcode: rcodes.unknown, answers: aliases, authoritative: true });
      case 'failed':
        return reply(packet, { rcode: rcodes.failed });
      case 'outside':
        return hops === 0 ? handOn(packet, query, transport) : follow(packet, question, name, aliases, transport);
      case 'alias':
        aliases.push({ type: 'CNAME', class: 'IN', ttl, name, data: known.name });
        name = known.name;
    }
  }
  return reply(packet, { rcode: rcodes.failed });
}

/** Asks the outside the very same question. */
async function handOn(packet: Packet, query: Buffer, transport: Transport): Promise<Buffer> {
  return (await askUpstream(query, transport)) ?? reply(packet, { rcode: rcodes.failed });
}

/** Asks the outside about what a name of the mesh is an alias for. */
async function follow(
  packet: Packet,
  question: Question,
  name: string,
  aliases: Answer[],
  transport: Transport,
): Promise<Buffer> {
  const query = encode({ type: 'query', id: packet.id ?? 0, flags: packet.flags ?? 0, questions: [{ ...question, name }] });
  const answer = await askUpstream(query, transport);
  const outside = answer === undefined ? undefined : read(answer);
  if (outside === undefined) return reply(packet, { rcode: rcodes.failed });
  return reply(packet, { rcode: (outside.flags ?? 0) & 0xf, answers: [...aliases, ...(outside.answers ?? [])] });
}

function records({ type, class: kind }: Question, name: string, addresses: readonly string[]): Answer[] {
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
  const recursionDesired = flags & 0x100;
  const bits = RECURSION_AVAILABLE | recursionDesired | (authoritative ? AUTHORITATIVE_ANSWER : 0) | rcode;
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
