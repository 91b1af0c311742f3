import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { CommandFailure, exitStatus } from '../exit-status.js';
import { parseAccount } from '../parse-account.js';
import { chooseMesh } from '../state/choose-mesh.js';
import { type ControlRequest, requireAnswer } from '../supervisor/control-socket.js';

interface RevokeOptions {
  readonly certificate?: string;
  readonly mesh?: string;
}

/** Adds `sallyport revoke`. */
export function registerRevoke(program: Command): void {
  program
    .command('revoke')
    .summary('revoke certificates of the mesh that is up')
    .description(
      'Revoke every certificate that a service account has, or one: what it admitted ends at once at every gate, and it opens nothing any more. ' +
        "The mesh's own gates get other certificates first, so workloads go on.",
    )
    .argument('[NAMESPACE/SERVICEACCOUNT]', 'whose certificates')
    .option('--certificate <FILE>', 'only the certificate in this PEM file (its first one)')
    .option('--mesh <DIR>', 'the mesh of this folder; else the one $SALLYPORT_MESH names, else the only one that is up')
    .addHelpText('after', help)
    .action(async (account: string | undefined, options: RevokeOptions) => {
      process.exitCode = await revoke(account, options);
    });
}

const help = `
A certificate stays revoked until it would have run out, also in a later \`sallyport up\` of the same folder. Open connections of the service account are
cut; new ones use the new certificates.

Examples:
  sallyport revoke default/sleep
  sallyport revoke --certificate certs/cert-chain.pem

Exit status: 0 revoked and in force at every gate, 1 the mesh is not up or it has no such certificate, 2 wrong usage.
`;

async function revoke(account: string | undefined, { certificate, mesh: folder }: RevokeOptions): Promise<number> {
  if ((account === undefined) === (certificate === undefined)) {
    throw new CommandFailure('name a service account, or a file with --certificate', { status: exitStatus.usage });
  }
  const request: ControlRequest =
    certificate === undefined
      ? { ask: 'revoke', ...parseAccount(account ?? '') }
      : { ask: 'revoke', certificate: await readCertificate(certificate) };
  const { identity, count } = await requireAnswer(await chooseMesh(folder), request);
  process.stdout.write(`${identity}: ${count} ${count === 1 ? 'certificate' : 'certificates'} revoked, in force at every gate\n`);
  return exitStatus.ok;
}

async function readCertificate(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandFailure(`\`${path}\` cannot be read: ${error.code ?? error.message}`);
  });
  const [first] = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/) ?? [];
  if (first === undefined) throw new CommandFailure(`\`${path}\` holds no certificate in PEM`);
  return first;
}
