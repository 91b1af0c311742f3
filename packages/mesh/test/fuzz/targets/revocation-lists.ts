import { parseLists } from '../../../src/identity/revocation/parse-lists.js';
import { TestAuthority } from '../../support/test-authority.js';
import { type FuzzTarget, holds } from '../fuzz-target.js';

export const revocationLists: FuzzTarget = {
  name: 'revocation-lists',
  words: [
    '-----BEGIN X509 CRL-----\n',
    '-----END X509 CRL-----\n',
    '-----BEGIN CERTIFICATE-----',
    '\x30\x80',
    '\x30\x84\xff\xff\xff\xff',
    '\x02\x01\x01',
    '\x17\x0d',
    '\x18\x0f',
    '\x55\x1d\x1b',
    '\x01\x01\xff',
    'MII',
    '=',
  ],
  seeds: async () => {
    const authority = await TestAuthority.create();
    const list = Buffer.from(await authority.list([]));
    const pem = `-----BEGIN X509 CRL-----\n${list.toString('base64')}\n-----END X509 CRL-----\n`;
    return [list, Buffer.from(pem), Buffer.from(pem + pem)];
  },
  run: (bytes) => {
    try {
      const lists = parseLists(bytes);
      holds(lists.length > 0, 'no lists are no success');
      for (const list of lists) {
        list.has('01');
        holds(
          !Number.isNaN(list.nextUpdate.getTime()) && !Number.isNaN(list.thisUpdate.getTime()),
          'a list says when it was made and when it runs out',
        );
      }
    } catch (error) {
      holds(
        error instanceof Error && !(error instanceof RangeError) && !(error instanceof TypeError),
        `a refusal says why: ${String(error)}`,
      );
      if ((error as Error).message.startsWith('it does not hold')) throw error;
    }
  },
};
