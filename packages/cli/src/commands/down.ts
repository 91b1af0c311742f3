import type { Command } from 'commander';
import { exitStatus } from '../exit-status.js';
import { chooseMesh } from '../state/choose-mesh.js';
import { endMesh } from '../state/end-mesh.js';

/** Adds `sallyport down`. */
export function registerDown(program: Command): void {
  program
    .command('down')
    .summary('end what is left of a mesh')
    .description(
      'End every process of a mesh: its supervisor, gates and commands, also those that a crashed supervisor left behind.',
    )
    .argument('[DIR]', 'the folder of the mesh; else the one $SALLYPORT_MESH names, else the only one that is up')
    .addHelpText('after', help)
    .action(async (folder: string | undefined) => {
      process.exitCode = await down(folder);
    });
}

const help = `
Ctrl-C where \`sallyport up\` runs does the same. Gates outlive a supervisor that was killed, and go on enforcing the last state: this ends
them.

Examples:
  sallyport down
  sallyport down examples/httpbin-ambient

Exit status: 0 ended, 1 nothing to end, or several meshes are up and none was named.
`;

async function down(folder: string | undefined): Promise<number> {
  const { directory, state } = await chooseMesh(folder);
  const count = await endMesh(directory, state);
  process.stdout.write(`ended the mesh of ${state.folder}: ${count} ${count === 1 ? 'process' : 'processes'}\n`);
  return exitStatus.ok;
}
