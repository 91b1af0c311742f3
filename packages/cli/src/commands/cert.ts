import { createCertificateRequest } from '@sallyport/control';
import type { Command } from 'commander';
import { exitStatus } from '../exit-status.js';
import { writeFileSet } from '../output/file-set.js';
import { parseAccount } from '../parse-account.js';
import { chooseMesh } from '../state/choose-mesh.js';
import { requireAnswer } from '../supervisor/control-socket.js';

interface CertOptions {
  readonly out: string;
  readonly force?: boolean;
  readonly mesh?: string;
}

/** Adds `sallyport cert`. */
export function registerCert(program: Command): void {
  program
    .command('cert')
    .summary('give another proxy a certificate of the mesh that is up')
    .description(
      'Write a key, a certificate chain, the trust bundle and the revocation lists in force for a service account of the mesh, so that another proxy (Envoy, a ztunnel, curl) ' +
        'can join it. The key is made here and sent nowhere.',
    )
    .argument('<NAMESPACE/SERVICEACCOUNT>', 'who to be; some workload of the mesh runs as it')
    .requiredOption('--out <DIR>', 'where to write key.pem, cert-chain.pem, root-cert.pem and crl.pem; made where it is missing')
    .option('--force', 'replace files that are there')
    .option('--mesh <DIR>', 'the mesh of this folder; else the one $SALLYPORT_MESH names, else the only one that is up')
    .addHelpText('after', help)
    .action(async (account: string, options: CertOptions) => {
      process.exitCode = await cert(account, options);
    });
}

const help = `
Whoever holds key.pem is that service account until the certificate ends. It is not renewed: run the command again with --force, and have
the proxy read the files anew. The lists of crl.pem run out as the certificate does, and hold what is revoked now: a proxy that is to know of later
revocations gets them by the same command.

Examples:
  sallyport cert default/sleep --out certs/
  sallyport cert default/sleep --out certs/ --force && kill -HUP "$PROXY"

Exit status: 0 written, 1 the mesh is not up, no workload runs as that account, or a file is there; 2 wrong usage.
`;

async function cert(account: string, { out, force, mesh: folder }: CertOptions): Promise<number> {
  const who = parseAccount(account);
  const mesh = await chooseMesh(folder);
  const { key, request } = await createCertificateRequest();
  const granted = await requireAnswer(mesh, { ask: 'certificate', ...who, request });
  const files = [
    { name: 'key.pem', text: key, mode: 0o600 },
    { name: 'cert-chain.pem', text: granted.chain, mode: 0o644 },
    { name: 'root-cert.pem', text: granted.bundle, mode: 0o644 },
    { name: 'crl.pem', text: granted.revocation, mode: 0o644 },
  ];
  await writeFileSet(out, files, { replace: force === true });
  process.stdout.write(`${granted.identity} until ${granted.notAfter}: ${files.map(({ name }) => name).join(', ')} in ${out}\n`);
  return exitStatus.ok;
}
