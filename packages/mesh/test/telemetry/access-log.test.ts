import type { Verdict } from '@sallyport/policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessLog } from '../../src/telemetry/access-log.js';
import { describeDenial } from '../../src/telemetry/denial.js';
import { formatLogLine, type LogFormat } from '../../src/telemetry/log-line.js';

const time = new Date('2026-01-02T03:04:05.678Z');
const position = { line: 3, column: 5, offset: 40 };
const span = { file: 'policy.yaml', start: position, end: position };
const denial: Verdict = {
  effect: 'deny',
  reason: 'deny-policy',
  policy: { kind: 'AuthorizationPolicy', namespace: 'shop', name: 'no', rule: 1, span },
  audit: [{ kind: 'AuthorizationPolicy', namespace: 'shop', name: 'seen', span }],
  dryRun: { effect: 'deny' },
};

function write(format: LogFormat): string[] {
  const lines: string[] = [];
  const log = new AccessLog({ log: (line) => lines.push(line), format, threshold: { level: 'debug' }, now: () => time });
  const connection = {
    direction: 'inbound',
    source: { address: '10.0.0.1:5000', identity: 'spiffe://td/ns/n/sa/s' },
    destination: { address: '10.0.0.2:15008', hboneAddress: 'evil host"\n:80' },
  } as const;
  log.opened(connection);
  log.completed(connection, { bytesSent: 1, bytesReceived: 2, durationMs: 3.4 });
  log.completed(connection, { bytesSent: 0, bytesReceived: 0, durationMs: 0, error: describeDenial(denial), verdict: denial });
  log.failed({ direction: 'inbound', source: '10.0.0.1:5000', destination: '10.0.0.2:15008' }, 'TLS handshake: no');
  return lines;
}

describe('the access log', () => {
  it("is ztunnel's, in plain text", () => {
    const ends =
      'src.addr=10.0.0.1:5000 src.identity="spiffe://td/ns/n/sa/s" dst.addr=10.0.0.2:15008 dst.hbone_addr="evil host\\"\\n:80" direction="inbound"';
    expect(write('text')).toEqual([
      `2026-01-02T03:04:05.678Z\tdebug\taccess\tconnection opened\t${ends}`,
      `2026-01-02T03:04:05.678Z\tinfo\taccess\tconnection complete\t${ends} bytes_sent=1 bytes_recv=2 duration="3ms"`,
      `2026-01-02T03:04:05.678Z\terror\taccess\tconnection complete\t${ends} bytes_sent=0 bytes_recv=0 duration="0ms" ` +
        'error="connection closed due to policy rejection: explicitly denied by: shop/no" reason="deny-policy" ' +
        'policy="AuthorizationPolicy/shop/no" rule=1 place="policy.yaml:3:5" audit="shop/seen" dry_run="deny"',
      '2026-01-02T03:04:05.678Z\twarn\taccess\tconnection failed\tsrc.addr=10.0.0.1:5000 dst.addr=10.0.0.2:15008 direction="inbound" error="TLS handshake: no"',
    ]);
  });

  it('says the same as JSON', () => {
    const [, complete, denied] = write('json').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(complete).toMatchObject({ level: 'info', scope: 'access', message: 'connection complete', bytes_recv: 2 });
    expect(Object.keys(complete ?? {}).slice(0, 4)).toEqual(['level', 'time', 'scope', 'message']);
    expect(denied).toMatchObject({ reason: 'deny-policy', rule: 1, place: 'policy.yaml:3:5' });
  });

  it('says that no ALLOW policy matched in the words that log queries know', () => {
    expect(describeDenial({ effect: 'deny', reason: 'no-allow-match', audit: [] })).toBe(
      'connection closed due to policy rejection: allow policies exist, but none allowed',
    );
  });

  it('is one line with one reading, whatever a value holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (value, bare) => {
        const line = formatLogLine(
          {
            time,
            level: 'info',
            scope: 's',
            message: 'm',
            fields: [
              { name: 'a', value, bare },
              { name: 'b', value: 'x' },
            ],
          },
          'text',
        );
        expect([...line].some((character) => '\n\r\u2028\u2029'.includes(character))).toBe(false);
        expect(line.split('\t')).toHaveLength(5);
        const written = line.slice(line.indexOf('\ta=') + 3, -' b="x"'.length);
        expect(written.startsWith('"') ? JSON.parse(written) : written).toBe(value);
      }),
    );
  });
});
