import {
  type CheckedFiles,
  checkFiles,
  type Diagnostic,
  hasErrors,
  type ObjectStatus,
  sortDiagnostics,
  statuses,
} from '@sallyport/policy';
import type { Command } from 'commander';
import { exitStatus } from '../exit-status.js';
import { addDialectOptions, type DialectOptions, readDialect } from '../options.js';
import { wantsColour } from '../output/colour.js';
import { countDiagnostics, diagnosticToJson, plural, renderDiagnostics } from '../output/diagnostics.js';
import { type OutputFormat, outputOption, printJson } from '../output/format-option.js';
import { noManifests } from '../output/no-manifests.js';
import { readManifests } from '../read-manifests.js';

interface CheckOptions extends DialectOptions {
  readonly output: OutputFormat;
}

/** Adds `sallyport check`. */
export function registerCheck(program: Command): void {
  const command = program
    .command('check')
    .summary('say what is wrong with manifests, and what is dangerous')
    .description(
      'Parses, validates and binds every object, and prints what is invalid, dangerous, or does nothing, with its place.',
    )
    .argument('<DIR...>', 'folders or files of manifests; - is standard input')
    .addOption(outputOption())
    .addHelpText('after', helpText)
    .action(runCheck);
  addDialectOptions(command);
}

const helpText = `
Examples:
  sallyport check manifests/
  kubectl get authorizationpolicies,gateways,services,pods,namespaces -A -o yaml | sallyport check --dialect upstream -
  sallyport check -o json manifests/

Exit status: 0 nothing but warnings, 1 something is invalid or dangerous, 2 wrong usage.
`;

async function runCheck(paths: readonly string[], options: CheckOptions): Promise<void> {
  const { files, diagnostics: unread } = await readManifests(paths);
  const checked = checkFiles(files, readDialect(options));
  const empty = unread.length === 0 ? noManifests(paths, files) : [];
  const diagnostics = sortDiagnostics([...unread, ...empty, ...checked.diagnostics]);
  if (options.output === 'json') printJson(asJson(checked, diagnostics, files.length));
  else {
    process.stdout.write(renderDiagnostics(diagnostics, files, wantsColour(process.stdout)));
    process.stdout.write(`${diagnostics.length === 0 ? '' : '\n'}${summary(checked, diagnostics, files.length)}\n`);
  }
  process.exitCode = hasErrors(diagnostics) ? exitStatus.failed : exitStatus.ok;
}

function asJson(checked: CheckedFiles, diagnostics: readonly Diagnostic[], files: number): Record<string, unknown> {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length;
  return {
    ok: errors === 0,
    errors,
    warnings: diagnostics.length - errors,
    files,
    policies: checked.inventory.policies.length,
    workloads: checked.inventory.workloads.size,
    skippedKinds: checked.skippedKinds,
    diagnostics: diagnostics.map(diagnosticToJson),
    statuses: statuses(checked.inventory).map(statusToJson),
  };
}

/** What a control plane would write on an object. */
function statusToJson({ kind, namespace, name, conditions, span }: ObjectStatus): Record<string, unknown> {
  return { kind, namespace, name, file: span.file, line: span.start.line, column: span.start.column, conditions };
}

function summary({ inventory, skippedKinds }: CheckedFiles, diagnostics: readonly Diagnostic[], files: number): string {
  const counted = [
    plural(files, 'file'),
    plural(inventory.policies.length, 'policy', 'policies'),
    plural(inventory.workloads.size, 'workload'),
    plural(inventory.services.size, 'service'),
    plural(inventory.gateways.size, 'gateway'),
  ].join(', ');
  const skipped = Object.entries(skippedKinds).map(([kind, count]) => `${count} ${kind}`);
  return `${countDiagnostics(diagnostics)} in ${counted}${skipped.length === 0 ? '' : ` (not read: ${skipped.join(', ')})`}`;
}
