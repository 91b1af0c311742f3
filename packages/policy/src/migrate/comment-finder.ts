import type { SourceFile, Span, Text } from '../diagnostic/span.js';
import type { Resource, ServiceRole, ServiceRoleBinding } from '../resource/model/index.js';
import { readComments } from '../resource/parse/read-comments.js';

/** A role or binding, with its rules or subjects. */
type Commented = ServiceRole | ServiceRoleBinding;

/** Gives each role, binding, rule and subject the comments that were written about it. */
export class CommentFinder {
  readonly #byPlace = new Map<string, string[]>();

  constructor(files: readonly SourceFile[], resources: readonly Resource[]) {
    for (const file of files) {
      const objects = resources
        .filter(({ span }) => span.file === file.path)
        .sort((a, b) => a.span.start.offset - b.span.start.offset);
      for (const comment of readComments(file)) this.#assign(comment, objects, file.text);
    }
  }

  /** The comments about the object at a place, in their order. */
  at(span: Span): readonly string[] {
    return this.#byPlace.get(keyOf(span)) ?? [];
  }

  #assign(comment: Text, objects: readonly Resource[], text: string): void {
    const object = objects.find((each) => isWithin(comment, each.span)) ?? nextInDocument(comment, objects, text);
    if (object?.kind !== 'ServiceRole' && object?.kind !== 'ServiceRoleBinding') return;
    const key = keyOf(partOf(object, comment) ?? object.span);
    this.#byPlace.set(key, [...(this.#byPlace.get(key) ?? []), comment.value]);
  }
}

function keyOf({ file, start, end }: Span): string {
  return `${file}:${start.offset}:${end.offset}`;
}

/** Inside, or behind the end on the same line. */
function isWithin({ span: { start } }: Text, span: Span): boolean {
  return start.offset >= span.start.offset && (start.offset < span.end.offset || start.line === span.end.line);
}

/** The object that begins after a comment, or else the one that ended before it, in the same document. */
function nextInDocument({ span: { start } }: Text, objects: readonly Resource[], text: string): Resource | undefined {
  const after = objects.find(({ span }) => span.start.offset > start.offset);
  if (after !== undefined && !text.slice(start.offset, after.span.start.offset).includes('\n---')) return after;
  const before = objects.findLast(({ span }) => span.end.offset <= start.offset);
  return before !== undefined && !text.slice(before.span.end.offset, start.offset).includes('\n---') ? before : undefined;
}

/** The rule or subject that holds a comment, or that it stands above of. */
function partOf(object: Commented, comment: Text): Span | undefined {
  const parts = object.kind === 'ServiceRole' ? object.rules : object.subjects;
  const holding = parts.find(({ span }) => isWithin(comment, span));
  if (holding !== undefined) return holding.span;
  const { start } = comment.span;
  const next = parts.find(({ span }) => span.start.offset > start.offset);
  // Above a list's first entry, what is indented as its dash is about the entry.
  const isIndented = next !== undefined && start.column >= next.span.start.column - 2 && start.column > 1;
  return isIndented ? next.span : undefined;
}
