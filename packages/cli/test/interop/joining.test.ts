import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Credentials } from '../../../mesh/src/gate.js';
import { Envoy } from '../../../mesh/test/interop/envoy.js';
import { clientConfig } from '../../../mesh/test/interop/envoy-config.js';
import { curl, type UpMesh, Workshop } from '../commands/local-mesh.js';
import { admits, folder } from '../commands/manifests.js';

const binary = process.env.SALLYPORT_ENVOY;
const identityOf = (account: string) => `spiffe://cluster.local/ns/default/sa/${account}`;

describe.skipIf(binary === undefined)('a real Envoy (its path in SALLYPORT_ENVOY) with what `sallyport cert` wrote', () => {
  let workshop: Workshop;
  let mesh: UpMesh;
  let envoy: Envoy;

  beforeAll(async () => {
    workshop = await Workshop.open();
    mesh = await workshop.up(await workshop.folder('mesh', { ...folder, 'policy.yaml': admits('sleep') }));
    envoy = await Envoy.start(binary ?? '', clientConfig([await tunnel('sleep', 20_001), await tunnel('stranger', 20_002)]));
  });
  afterAll(async () => {
    await envoy?.stop();
    await workshop?.close();
  });

  /** A tunnel to httpbin that Envoy opens as this service account, from its workload's address. */
  async function tunnel(account: string, port: number) {
    const { workloads } = await mesh.status();
    const httpbin = workloads.find(({ key }) => key === 'default/httpbin');
    const from = workloads.find(({ identity }) => identity === identityOf(account))?.address ?? '';
    return {
      name: account,
      listen: { address: from, port },
      from,
      gate: { address: httpbin?.address ?? '', port: 15_008 },
      authority: `${httpbin?.policyAddress}:8000`,
      credentials: await certificateOf(account),
      peer: identityOf('httpbin'),
    };
  }

  async function certificateOf(account: string): Promise<Credentials> {
    const out = join(workshop.directory, account);
    const { status, stderr } = await workshop.run(['cert', `default/${account}`, '--out', out, '--mesh', mesh.folder]);
    expect(status, stderr).toBe(0);
    const read = (name: string) => readFile(join(out, name), 'utf8');
    const [key, chain, bundle] = [await read('key.pem'), await read('cert-chain.pem'), await read('root-cert.pem')];
    return { identity: identityOf(account), key, chain, bundle, notAfter: new Date(8.64e15) };
  }

  test('joins the mesh, and is admitted and refused as the account that it is', async () => {
    const { workloads } = await mesh.status();
    const address = (account: string) => workloads.find(({ identity }) => identity === identityOf(account))?.address;
    expect((await curl(`http://${address('sleep')}:20001/public/1`)).stdout).toBe('hello /public/1\n');
    expect((await curl(`http://${address('stranger')}:20002/public/1`)).stdout).toBe('');
  });
});
