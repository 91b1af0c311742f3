import { beforeAll, describe, expect, it } from 'vitest';
import { checkLists } from '../../src/identity/revocation/check-lists.js';
import { TestAuthority } from '../support/test-authority.js';

const now = new Date();
const inHours = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
const pem = (der: Uint8Array) => `-----BEGIN X509 CRL-----\n${Buffer.from(der).toString('base64')}\n-----END X509 CRL-----\n`;

let authority: TestAuthority;
let other: TestAuthority;
let bundle: string;
beforeAll(async () => {
  [authority, other] = [await TestAuthority.create(), await TestAuthority.create('CN=other')];
  bundle = authority.bundle;
});

const check = (text: string) => checkLists(Buffer.from(text), bundle, now);

describe('lists of a file', () => {
  it('can be used until the first of them runs out', async () => {
    const [one, two] = [
      await authority.list([], { nextUpdate: inHours(2) }),
      await authority.list([], { nextUpdate: inHours(1) }),
    ];
    const until = check(pem(one) + pem(two));
    expect(Math.abs(until.getTime() - inHours(1).getTime())).toBeLessThan(1000);
  });

  it.each<[string, () => Promise<string>, string]>([
    ['is no list', async () => 'x', 'list 1 of 1 is no certificate revocation list'],
    ['is nothing', async () => '', 'list 1 of 1 is no certificate revocation list'],
    ['is the certificate of the root', async () => bundle, 'holds something else than lists'],
    ['is of another issuer', async () => pem(await other.list([])), 'list 1 of 1 is of an issuer that is no root of the mesh'],
    [
      'is signed by somebody else',
      async () => pem(await authority.list([], { signer: other })),
      'list 1 of 1 is not signed by its issuer',
    ],
    ['has run out', async () => pem(await authority.list([], { nextUpdate: inHours(-1) })), 'list 1 of 1 has run out at '],
    [
      'is of the future',
      async () => pem(await authority.list([], { thisUpdate: inHours(1) })),
      'list 1 of 1 is not valid before ',
    ],
    [
      'is bad beside a good one',
      async () => pem(await authority.list([])) + pem(await authority.list([], { nextUpdate: inHours(-1) })),
      'list 2 of 2 has run out at ',
    ],
  ])('cannot be used where one of them %s', async (_, make, problem) => {
    const text = await make();
    expect(() => check(text)).toThrow(problem);
  });
});
