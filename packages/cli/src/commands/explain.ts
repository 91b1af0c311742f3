import {
  buildInventory,
  compareExplanations,
  type Dialect,
  type Explanation,
  explain,
  hasInvalid,
  loadResources,
  otherDialect,
  parseQuestion,
  type QuestionText,
  renderExplanation,
  type SourceFile,
} from '@sallyport/policy';
import type { Command } from 'commander';
import { CommandFailure, exitStatus } from '../exit-status.js';
import { addDialectOptions, type DialectOptions, readDialect } from '../options.js';
import { terminalPaint, wantsColour } from '../output/colour.js';
import { countDiagnostics, diagnosticToJson, renderDiagnostics } from '../output/diagnostics.js';
import { type OutputFormat, outputOption, printJson } from '../output/format-option.js';
import { readManifests } from '../read-manifests.js';

interface ExplainOptions extends DialectOptions {
  readonly output: OutputFormat;
  readonly from: string;
  readonly to: string;
  readonly via?: string;
  readonly proxiedFor?: string;
  readonly method?: string;
  readonly path?: string;
  readonly header: readonly string[];
  readonly sni?: string;
  readonly claims?: string;
  readonly custom?: string;
  readonly plaintext?: boolean;
  readonly all?: boolean;
}

/** Adds `sallyport explain`. */
export function registerExplain(program: Command): void {
  const command = program
    .command('explain')
    .summary('say what would happen to a request, at which gate, and why')
    .description(
      'Walks the path that a request would take, without sending it: every gate, what it sees, which policy decides, and where that stands.',
    )
    .argument('<DIR...>', 'folders or files of manifests; - is standard input')
    .requiredOption('--from <CLIENT>', 'NAMESPACE/WORKLOAD, a spiffe:// identity, or an address outside the mesh')
    .requiredOption('--to <TARGET>', 'a URL, HOST:PORT, or NAMESPACE/WORKLOAD[:PORT]')
    .option('--via <NAMESPACE/GATEWAY>', 'the ingress gateway that the client connects to')
    .option('--proxied-for <ADDRESS>', 'the client that a proxy in front of the gateway tells in its PROXY header')
    .option('--method <METHOD>', 'HTTP method (default: GET)')
    .option('--path <PATH>', 'path with query, instead of the one of the URL')
    .option(
      '--header <NAME: VALUE>',
      'a request header; may be repeated',
      (value: string, all: readonly string[]) => [...all, value],
      [],
    )
    .option('--sni <NAME>', 'server name of the TLS inside the connection')
    .option('--claims <JSON>', "what the request's token says; it is taken to be valid, nothing is verified")
    .option('--custom <ANSWER>', 'allow or deny: what external authorizers are taken to answer')
    .option('--plaintext', 'the client goes past its own ztunnel, in plaintext')
    .option('--all', 'name every policy that a gate does not enforce, not only the first few')
    .addOption(outputOption())
    .addHelpText('after', helpText)
    .action(runExplain);
  addDialectOptions(command);
}

const helpText = `
Examples:
  sallyport explain manifests/ --from default/sleep --to http://httpbin:8000/get
  sallyport explain manifests/ --from default/sleep --to default/httpbin        past the waypoint, by the pod's address
  sallyport explain manifests/ --from 198.51.100.7 --to http://shop.example/ --via istio-ingress/edge
  sallyport explain manifests/ --from spiffe://cluster.local/ns/a/sa/b --to cart.shop:80 --method POST --header 'x-team: a'

Exit status: 0 allowed, 3 denied, 4 undecided: an external authorizer is asked, 1 invalid input, 2 wrong usage.
`;

async function runExplain(paths: readonly string[], options: ExplainOptions): Promise<void> {
  const { files, diagnostics: unread } = await readManifests(paths);
  if (unread.length > 0) return refuse(files, unread, options);
  const dialect = readDialect(options);
  const loaded = loadResources(files, dialect);
  if (hasInvalid(loaded.diagnostics))
    return refuse(
      files,
      loaded.diagnostics.filter((one) => one.kind === 'invalid'),
      options,
    );
  const explanation = ask(files, dialect, questionOf(options));
  const other = askOther(files, otherDialect(dialect), questionOf(options));
  const undecided =
    options.custom === undefined &&
    isUndecided(explanation, () => ask(files, dialect, { ...questionOf(options), custom: 'allow' }));
  if (options.output === 'json') printJson({ ...asJson(explanation, other), ...(undecided ? { undecided } : {}) });
  else process.stdout.write(asText(explanation, other, options, undecided));
  process.exitCode = undecided ? exitStatus.undecided : exitStatusOf(explanation);
}

/** Whether it is an external authorizer's answer that decides: without one nothing passes, and with one it would. */
function isUndecided(explanation: Explanation, ifAllowed: () => Explanation): boolean {
  const asked = explanation.effect === 'deny' && explanation.gates.some(({ reason }) => reason === 'custom-policy');
  return asked && ifAllowed().effect === 'allow';
}

function questionOf(options: ExplainOptions): QuestionText {
  const { from, to, via, proxiedFor, method, path, header, sni, claims, custom, plaintext } = options;
  return {
    from,
    to,
    headers: header,
    plaintext: plaintext ?? false,
    ...(via === undefined ? {} : { via }),
    ...(proxiedFor === undefined ? {} : { proxiedFor }),
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { path }),
    ...(sni === undefined ? {} : { sni }),
    ...(claims === undefined ? {} : { claims }),
    ...(custom === undefined ? {} : { custom }),
  };
}

function ask(files: readonly SourceFile[], dialect: Dialect, text: QuestionText): Explanation {
  const { inventory } = buildInventory(loadResources(files, dialect).set, dialect);
  const read = parseQuestion(inventory, text);
  if ('problem' in read) {
    const { message, hint } = read.problem;
    throw new CommandFailure(message, hint === undefined ? {} : { hint });
  }
  return explain(inventory, read.question);
}

/** The same in the other dialect; the reason, in words, where that one takes no such input. */
function askOther(files: readonly SourceFile[], dialect: Dialect, text: QuestionText): Explanation | string {
  const { diagnostics } = loadResources(files, dialect);
  const invalid = diagnostics.find((diagnostic) => diagnostic.kind === 'invalid' && diagnostic.severity === 'error');
  if (invalid !== undefined)
    return `${dialect.name} refuses these manifests: ${invalid.message} (${invalid.span.file}:${invalid.span.start.line})`;
  try {
    return ask(files, dialect, text);
  } catch (error) {
    if (error instanceof CommandFailure) return `${dialect.name} cannot answer: ${error.message}`;
    throw error;
  }
}

function refuse(
  files: readonly SourceFile[],
  diagnostics: Parameters<typeof renderDiagnostics>[0],
  options: ExplainOptions,
): void {
  if (options.output === 'json') printJson({ error: 'invalid input', diagnostics: diagnostics.map(diagnosticToJson) });
  process.stderr.write(renderDiagnostics(diagnostics, files, wantsColour(process.stderr)));
  process.stderr.write(`\nno verdict: ${countDiagnostics(diagnostics)} in the manifests\n`);
  process.exitCode = exitStatus.failed;
}

function asJson(explanation: Explanation, other: Explanation | string): Record<string, unknown> {
  const differences = typeof other === 'string' ? [other] : compareExplanations(explanation, other);
  const shown = typeof other === 'string' || differences.length === 0 ? null : other;
  return { ...explanation, differences, otherDialect: shown };
}

function asText(explanation: Explanation, other: Explanation | string, options: ExplainOptions, undecided: boolean): string {
  const paint = terminalPaint(wantsColour(process.stdout));
  const verdict =
    explanation.effect === 'allow' ? paint('allow', 'ALLOWED') : paint('deny', undecided ? 'UNDECIDED' : deniedWord(explanation));
  const via = options.via === undefined ? '' : ` via ${options.via}`;
  const title = `${verdict}  ${options.from} → ${options.to}${via}  (${explanation.dialect})`;
  const differences = typeof other === 'string' ? [other] : compareExplanations(explanation, other);
  const footer =
    differences.length === 0
      ? ''
      : `\n  ${paint('deny', 'the dialects differ')}\n${differences.map((line) => `    ${line}\n`).join('')}`;
  return `${title}\n\n${renderExplanation(explanation, { paint, all: options.all ?? false })}${footer}`;
}

function deniedWord(explanation: Explanation): string {
  return explanation.failure === null ? 'DENIED' : 'FAILS';
}

/** A host or port that does not exist is a question about nothing; anything else that does not arrive counts as denied. */
function exitStatusOf({ effect, failure }: Explanation): number {
  if (failure?.reason === 'unknown-host' || failure?.reason === 'unknown-port') return exitStatus.failed;
  return effect === 'allow' ? exitStatus.ok : exitStatus.denied;
}
