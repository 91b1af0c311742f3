import { Lexer } from 'yaml';
import type { SourceFile, Text } from '../../diagnostic/span.js';
import { FileText } from './source-text.js';

/** The mark that the `yaml` library's lexer puts before a scalar; the others stand for the beginning or end of something. */
const scalarMark = '\u001f';
const marks: ReadonlySet<string> = new Set(['\u0002', '\u0018', scalarMark, '\ufeff']);

/** The comments of a file of YAML, without the `#`, in their order. Total: a text that is no YAML has whichever the lexer finds. */
export function readComments(file: SourceFile): readonly Text[] {
  const source = new FileText(file.path, file.text);
  const comments: Text[] = [];
  let offset = file.text.startsWith('\ufeff') ? 1 : 0;
  let isScalar = false;
  for (const token of new Lexer().lex(file.text)) {
    if (marks.has(token)) {
      isScalar = token === scalarMark;
      continue;
    }
    if (!isScalar && token.startsWith('#'))
      comments.push({ value: token.slice(1).trim(), span: source.span(offset, offset + token.length) });
    offset += token.length;
    isScalar = false;
  }
  return comments;
}
