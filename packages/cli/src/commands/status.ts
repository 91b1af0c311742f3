import type { Command } from 'commander';
import { exitStatus } from '../exit-status.js';
import { terminalPaint, wantsColour } from '../output/colour.js';
import { type OutputFormat, outputOption, printJson } from '../output/format-option.js';
import { chooseMesh } from '../state/choose-mesh.js';
import type { FoundMesh } from '../state/mesh-state.js';
import { isRunning } from '../state/process-identity.js';
import { askSupervisor } from '../supervisor/control-socket.js';
import { printStatus } from '../supervisor/print-status.js';

/** Adds `sallyport status`. */
export function registerStatus(program: Command): void {
  program
    .command('status')
    .summary('list what is up')
    .description(
      'List the gates of a mesh with address and identity, its workloads, and the policies in force at each with their place.',
    )
    .option('--mesh <DIR>', 'the mesh of this folder; else the one $SALLYPORT_MESH names, else the only one that is up')
    .addOption(outputOption())
    .addHelpText('after', help)
    .action(async (options: { mesh?: string; output: OutputFormat }) => {
      process.exitCode = await status(options.mesh, options.output);
    });
}

const help = `
Examples:
  sallyport status
  sallyport status -o json | jq -r '.gates[] | .name + " " + .metrics'

Exit status: 0 the mesh is up, 1 none is, several are and none was named, or its supervisor is gone (gates may still run then).
`;

async function status(folder: string | undefined, output: OutputFormat): Promise<number> {
  const mesh = await chooseMesh(folder);
  const report = await askSupervisor(mesh.directory, { ask: 'status' });
  if (report === undefined) return orphaned(mesh, output);
  if (output === 'json') printJson(report);
  else process.stdout.write(printStatus(report, terminalPaint(wantsColour(process.stdout))));
  return exitStatus.ok;
}

/** Says what still runs of a mesh whose supervisor is gone. */
function orphaned({ state }: FoundMesh, output: OutputFormat): number {
  const isolation = state.commandUser === undefined ? 'none' : 'namespaces';
  const gates = state.gates.filter(isRunning).map(({ name, pid }) => ({ name, pid }));
  const applications = state.applications.filter(isRunning).map(({ workload, pid }) => ({ workload, pid }));
  if (output === 'json') printJson({ id: state.id, folder: state.folder, isolation, supervisor: null, gates, applications });
  else {
    process.stdout.write(
      `mesh ${state.id}  ${state.folder}\n  its supervisor is gone: gates enforce the last state, changes are not seen\n`,
    );
    for (const gate of gates) process.stdout.write(`  ${gate.name}, process ${gate.pid}\n`);
    for (const application of applications) process.stdout.write(`  ${application.workload}, process ${application.pid}\n`);
    process.stdout.write(`take over with \`sallyport up ${state.folder}\`, or end it with \`sallyport down ${state.folder}\`\n`);
  }
  return exitStatus.failed;
}
