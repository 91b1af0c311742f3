import { Composer, type Document, isMap, Parser, type ScalarTag, type YAMLError } from 'yaml';
import type { DiagnosticCode } from '../../diagnostic/codes/index.js';
import type { Reporter } from '../../diagnostic/reporter.js';
import type { SourceFile, Span } from '../../diagnostic/span.js';
import { composeDocument } from './compose.js';
import { nestedTooDeep } from './nesting.js';
import { type Node, type ScalarNode, spanOf } from './node.js';
import { BlockText, FileText, OpaqueText, type SourceText } from './source-text.js';

/** More complaints about the syntax of one document only repeat the first ones. */
const maximumSyntaxErrors = 10;

/** Codes of the `yaml` library that have a code of their own here. */
const librarySyntaxCodes: Readonly<Record<string, DiagnosticCode>> = {
  TAG_RESOLVE_FAILED: 'yaml-tag',
  BAD_ALIAS: 'yaml-alias',
  RESOURCE_EXHAUSTION: 'nesting-too-deep',
};

/** What to do about the problems that the `yaml` library tells apart. */
const syntaxHints: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: 'remove the tag',
  BAD_ALIAS: 'name the anchor that the alias stands for',
  RESOURCE_EXHAUSTION: 'no Kubernetes object is nested this deep',
  MISSING_CHAR: 'close the quote or bracket that was opened',
};

/** Core tags that the composer judges; the library only has to let them through. */
const coreTags: ScalarTag[] = ['int', 'float', 'bool', 'null'].map((name) => ({
  tag: `tag:yaml.org,2002:${name}`,
  default: false,
  resolve: (text) => text,
}));

/** Every scalar stays text and repeated keys stay in the tree: our own composer judges both, in linear time. */
const parseOptions = {
  schema: 'failsafe',
  customTags: coreTags,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/** Everything outside the characters that YAML admits: control characters, lone surrogates, a byte order mark past the start. */
const illegalCharacter = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;

/**
 * Reads a file of YAML or JSON into one tree per document. Empty documents are skipped. Total: any text gives trees, located
 * diagnostics, or both; a document with an error gives no tree.
 */
export function parseFile(file: SourceFile, reporter: Reporter, lastKeyWins?: LastKeyWins): Node[] {
  return parseText(new FileText(file.path, file.text), reporter, lastKeyWins);
}

/** Whether objects of a kind are read as upstream's older reader did, which took the last of repeated keys in silence. */
export type LastKeyWins = (kind: string) => boolean;

/**
 * Reads a text that stands inside a scalar (`mesh: |`). Places point into the file where the scalar is a literal block, else at
 * the whole scalar.
 */
export function parseEmbedded(scalar: ScalarNode, reporter: Reporter): Node[] {
  return parseText(embeddedSource(scalar), reporter);
}

function parseText(source: SourceText, reporter: Reporter, lastKeyWins: LastKeyWins = () => false): Node[] {
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
  return readDocuments(text, source, reporter).flatMap((document) => documentNode(document, source, reporter, lastKeyWins));
}

function readDocuments(text: string, source: SourceText, reporter: Reporter): readonly Document[] {
  try {
    const tokens = [...new Parser().parse(text)];
    const deep = tokens.map(nestedTooDeep).find((token) => token !== undefined);
    if (deep === undefined) return [...new Composer(parseOptions).compose(tokens, false, text.length)] as Document[];
    reportDepth(source.span(deep.offset, deep.offset + 1), 'nested too deep to be read', reporter);
  } catch (error) {
    reportDepth(source.span(0, 0), `the text cannot be read: ${firstLine(error)}`, reporter);
  }
  return [];
}

function reportDepth(span: Span, message: string, reporter: Reporter): void {
  reporter.report('nesting-too-deep', span, message, { hint: 'no Kubernetes object is nested this deep' });
}

function documentNode(document: Document, source: SourceText, reporter: Reporter, lastKeyWins: LastKeyWins): Node[] {
  const before = reporter.errorCount;
  for (const problem of [...document.errors, ...document.warnings].slice(0, maximumSyntaxErrors))
    reportSyntax(problem, source, reporter);
  if (reporter.errorCount > before) return [];
  const repeats = lastKeyWins(kindOf(document)) ? 'last-wins' : 'refused';
  const node = composeDocument(document, source, reporter, repeats);
  if (node === undefined || reporter.errorCount > before) return [];
  return node.kind === 'scalar' && node.value === null ? [] : [node];
}

function kindOf(document: Document): string {
  const kind: unknown = isMap(document.contents) ? document.get('kind') : undefined;
  return typeof kind === 'string' ? kind : '';
}

function reportSyntax(problem: YAMLError, source: SourceText, reporter: Reporter): void {
  const code = librarySyntaxCodes[problem.code] ?? 'yaml-syntax';
  const [start, end] = visibleRange(problem.pos, source.text);
  reporter.report(code, source.span(start, end), syntaxMessage(problem, code, source.text), {
    hint: syntaxHints[problem.code] ?? 'check quotes, brackets and indentation here',
  });
}

function syntaxMessage(problem: YAMLError, code: DiagnosticCode, text: string): string {
  if (code === 'nesting-too-deep') return 'nested too deep to be read';
  if (code === 'yaml-tag') return `\`${text.slice(...problem.pos)}\` is not a tag that is read`;
  return lowerFirst(firstLine(problem));
}

/** Where a complaint is shown: at least one character wide, and on the last line that holds something if it is about the end. */
function visibleRange([start, end]: readonly [number, number], text: string): [number, number] {
  const last = text.trimEnd().length;
  return start >= last && last > 0 ? [last - 1, last] : [start, Math.max(end, start + 1)];
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
