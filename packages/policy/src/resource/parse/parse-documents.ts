import { type Document, parseAllDocuments, type YAMLError } from 'yaml';
import type { Reporter } from '../../diagnostic/reporter.js';
import type { SourceFile } from '../../diagnostic/span.js';
import { composeDocument } from './compose.js';
import { type Node, type ScalarNode, spanOf } from './node.js';
import { BlockText, FileText, OpaqueText, type SourceText } from './source-text.js';

/** `yaml` reports these for tags and aliases that our own composer judges itself. */
const judgedElsewhere: ReadonlySet<string> = new Set(['TAG_RESOLVE_FAILED', 'BAD_ALIAS']);

/** Everything outside the characters that YAML admits: control characters, lone surrogates, a byte order mark past the start. */
const illegalCharacter = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;

/**
 * Reads a file of YAML or JSON into one tree per document. Empty documents are skipped. Total: any text gives trees, located
 * diagnostics, or both; a document with an error gives no tree.
 */
export function parseFile(file: SourceFile, reporter: Reporter): Node[] {
  return parseText(new FileText(file.path, file.text), reporter);
}

/**
 * Reads a text that stands inside a scalar (`mesh: |`). Places point into the file where the scalar is a literal block, else at
 * the whole scalar.
 */
export function parseEmbedded(scalar: ScalarNode, reporter: Reporter): Node[] {
  return parseText(embeddedSource(scalar), reporter);
}

function parseText(source: SourceText, reporter: Reporter): Node[] {
  const text = source.text.startsWith('\ufeff') ? ` ${source.text.slice(1)}` : source.text;
  const illegal = illegalCharacter.exec(text);
  if (illegal !== null) {
    const point = (illegal[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    reporter.report(
      'illegal-character',
      source.span(illegal.index, illegal.index + illegal[0].length),
      `character U+${point} is not allowed here`,
      {
        hint: 'save the file as UTF-8 text without control characters',
      },
    );
    return [];
  }
  return readDocuments(text, source, reporter).flatMap((document) => documentNode(document, source, reporter));
}

function readDocuments(text: string, source: SourceText, reporter: Reporter): readonly Document[] {
  try {
    const documents = parseAllDocuments(text, { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
    return [...documents] as Document[];
  } catch (error) {
    // The library recurses; a text made to exhaust the stack ends here.
    reporter.report('yaml-syntax', source.span(0, 0), `the text cannot be read: ${firstLine(error)}`);
    return [];
  }
}

function documentNode(document: Document, source: SourceText, reporter: Reporter): Node[] {
  const before = reporter.errorCount;
  for (const error of document.errors) reportSyntax(error, source, reporter);
  for (const warning of document.warnings) reportSyntax(warning, source, reporter);
  if (reporter.errorCount > before) return [];
  const node = composeDocument(document, source, reporter);
  if (node === undefined || reporter.errorCount > before) return [];
  return node.kind === 'scalar' && node.value === null ? [] : [node];
}

function reportSyntax(error: YAMLError, source: SourceText, reporter: Reporter): void {
  if (judgedElsewhere.has(error.code)) return;
  const [start, end] = error.pos;
  const code = error.code === 'RESOURCE_EXHAUSTION' ? 'nesting-too-deep' : 'yaml-syntax';
  const hint = error.code === 'TAB_AS_INDENT' ? { hint: 'indent with spaces' } : {};
  reporter.report(code, source.span(start, Math.max(end, start + 1)), lowerFirst(firstLine(error)), hint);
}

function embeddedSource(scalar: ScalarNode): SourceText {
  const outer = scalar.source;
  if (!scalar.literal || !(outer instanceof FileText)) return new OpaqueText(scalar.text, spanOf(scalar));
  const firstLineIndex = outer.position(scalar.start).line;
  const indent = literalIndent(scalar.text, outer, firstLineIndex);
  return indent === undefined
    ? new OpaqueText(scalar.text, spanOf(scalar))
    : new BlockText(scalar.text, outer, firstLineIndex, indent);
}

/** How far the lines of a literal block are indented in the file: found by its first line that is not blank. */
function literalIndent(text: string, outer: FileText, firstLineIndex: number): number | undefined {
  const lines = text.split('\n');
  const index = lines.findIndex((line) => line.trim() !== '');
  const line = lines[index];
  if (line === undefined) return undefined;
  const start = outer.lineStart(firstLineIndex + index);
  const written = outer.text.slice(start, outer.lineStart(firstLineIndex + index + 1)).replace(/\r?\n$/, '');
  return written.endsWith(line) ? written.length - line.length : undefined;
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? message;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
