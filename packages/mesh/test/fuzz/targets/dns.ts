import { decode, encode } from 'dns-packet';
import { answerQuery, type KnownName } from '../../../src/dns/answer-query.js';
import { type FuzzTarget, holds } from '../fuzz-target.js';

const query = (name: string, type: 'A' | 'AAAA' | 'TXT', more: object = {}): Buffer =>
  encode({ type: 'query', id: 7, flags: 0x100, questions: [{ type, name, class: 'IN' }], ...more });

function lookup(name: string): KnownName {
  if (name.endsWith('out')) return { kind: 'outside' };
  if (name.endsWith('in')) return { kind: 'addresses', addresses: ['10.0.0.1', '2001:db8::1'] };
  return { kind: name.length % 2 === 0 ? 'unknown' : 'failed' };
}

export const dnsQueries: FuzzTarget = {
  name: 'dns-queries',
  words: ['\x02in', '\x03out', '\0', '\xc0\x0c', '\xc0\xff', '\0\x01\0\x01', '\0\x1c', '\0\x29\x10\0', '\x3f', '\xff\xff'],
  seeds: () => [
    query('a.in', 'A'),
    query('a.in', 'AAAA', { additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] }] }),
    query('a.out', 'TXT'),
    query('', 'A'),
  ],
  run: async (bytes) => {
    for (const transport of ['udp', 'tcp'] as const) {
      const answer = await answerQuery(bytes, transport, { lookup, askUpstream: async () => undefined });
      if (answer === undefined) continue;
      const packet = decode(answer);
      holds(packet.type === 'response' && packet.id === bytes.readUInt16BE(0), 'an answer is one to its question');
      holds(
        transport === 'tcp' || answer.length <= Math.max(1232, bytes.length),
        'an answer is not much larger than its question',
      );
    }
  },
};
