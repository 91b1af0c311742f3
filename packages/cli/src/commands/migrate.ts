import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Diagnostic, type Migration, migrate, sortDiagnostics } from '@sallyport/policy';
import type { Command } from 'commander';
import { CommandFailure, exitStatus } from '../exit-status.js';
import { addDialectOptions, type DialectOptions, readDialect } from '../options.js';
import { wantsColour } from '../output/colour.js';
import { diagnosticToJson, plural, renderDiagnostics } from '../output/diagnostics.js';
import { type OutputFormat, outputOption, printJson } from '../output/format-option.js';
import { proofToJson, renderProofs } from '../output/proofs.js';
import { readManifests } from '../read-manifests.js';

interface MigrateOptions extends DialectOptions {
  readonly output: OutputFormat;
  readonly out?: string;
}

/** Adds `sallyport migrate`. */
export function registerMigrate(program: Command): void {
  const command = program
    .command('migrate')
    .summary('write AuthorizationPolicies for ServiceRoles, and prove that they do the same')
    .description(
      'Writes AuthorizationPolicies (v1) for the ServiceRoles, ServiceRoleBindings and RBAC configuration (v1alpha1) among the manifests, then asks every gate the same questions before and after. Nothing is written if something cannot be expressed, or if an answer differs.',
    )
    .argument(
      '<DIR...>',
      'folders or files of manifests, with the Services and workloads that the roles are about; - is standard input',
    )
    .option(
      '--out <DIR>',
      'write authorization-policies.yaml there, instead of to standard output; an existing file is left alone',
    )
    .addOption(outputOption())
    .addHelpText('after', helpText)
    .action(runMigrate);
  addDialectOptions(command);
}

const helpText = `
The policies take the place of the roles: remove the v1alpha1 objects when you apply them. The dialect upstream reads the roles as Istio 1.4 did.

Examples:
  sallyport migrate manifests/ > authorization-policies.yaml
  sallyport migrate manifests/ --out migrated/
  sallyport migrate -o json manifests/ | jq .refusals

Exit status: 0 written, and every gate answers as before; 1 invalid input, something cannot be expressed, or a gate answers otherwise: nothing is
written; 2 wrong usage.
`;

async function runMigrate(paths: readonly string[], options: MigrateOptions): Promise<void> {
  const { files, diagnostics: unread } = await readManifests(paths);
  const migration = unread.length > 0 ? undefined : migrate(files, readDialect(options));
  const diagnostics = sortDiagnostics([...unread, ...(migration?.diagnostics ?? [])]);
  if (migration?.ok === true && options.out !== undefined) await write(options.out, migration.text);
  if (options.output === 'json') printJson(asJson(migration, diagnostics));
  else {
    if (migration?.ok === true && options.out === undefined) process.stdout.write(migration.text);
    process.stderr.write(renderDiagnostics(diagnostics, files, wantsColour(process.stderr)));
    process.stderr.write(summary(migration, diagnostics, options.out));
  }
  process.exitCode = migration?.ok === true ? exitStatus.ok : exitStatus.failed;
}

async function write(folder: string, text: string): Promise<void> {
  const path = join(folder, 'authorization-policies.yaml');
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const why = exists ? 'it is there already' : String(error instanceof Error ? error.message : error);
    throw new CommandFailure(`cannot write \`${path}\`: ${why}`, { hint: 'name another folder with --out' });
  }
}

function asJson(migration: Migration | undefined, diagnostics: readonly Diagnostic[]): Record<string, unknown> {
  const refusals = diagnostics.filter(({ severity }) => severity === 'error');
  return {
    ok: migration?.ok === true,
    policies: migration?.policies ?? [],
    text: migration?.ok === true ? migration.text : null,
    refusals: refusals.map(diagnosticToJson),
    warnings: diagnostics.filter(({ severity }) => severity === 'warning').map(diagnosticToJson),
    gates: (migration?.proofs ?? []).map(proofToJson),
  };
}

function summary(migration: Migration | undefined, diagnostics: readonly Diagnostic[], out: string | undefined): string {
  const refusals = diagnostics.filter(({ severity }) => severity === 'error').length;
  if (migration === undefined || refusals > 0) return `\nnothing written: ${plural(refusals, 'error')}\n`;
  const proofs = renderProofs(migration.proofs);
  if (!migration.ok) return `${proofs}nothing written: a gate would answer otherwise than before\n`;
  const written = `${plural(migration.policies.length, 'policy', 'policies')} written`;
  return `${proofs}${written}${out === undefined ? '' : ` to ${join(out, 'authorization-policies.yaml')}`}: every gate answers as before\n`;
}
