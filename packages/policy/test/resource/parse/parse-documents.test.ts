import { describe, expect, it } from 'vitest';
import { Reporter } from '../../../src/diagnostic/reporter.js';
import { type Node, spanOf } from '../../../src/resource/parse/node.js';
import { parseEmbedded, parseFile } from '../../../src/resource/parse/parse-documents.js';
import { codesOf, complaints, path } from '../load.js';

/** The tree as plain values. */
function plain(node: Node): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'sequence') return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([name, entry]) => [name, plain(entry.value)]));
}

function parse(text: string): { values: unknown[]; codes: string[]; nodes: Node[] } {
  const reporter = new Reporter();
  const nodes = parseFile({ path, text }, reporter);
  return { nodes, values: nodes.map(plain), codes: reporter.diagnostics.map(({ code }) => code) };
}

function field(node: Node | undefined, ...names: string[]): Node {
  let at = node;
  for (const name of names) at = at?.kind === 'map' ? at.entries.get(name)?.value : undefined;
  if (at === undefined) throw new Error(`no ${names.join('.')}`);
  return at;
}

describe('documents', () => {
  it('are split at their marks, and empty ones are skipped', () => {
    expect(parse('---\na: 1\n---\n---\n# nothing\n---\nb: 2\n...\n').values).toEqual([{ a: 1 }, { b: 2 }]);
    expect(parse('').values).toEqual([]);
  });

  it('may be JSON', () => {
    expect(parse('{\n\t"a": [1, true, null, "x\\u00e9"],\n\t"b": {}\n}\n').values).toEqual([{ a: [1, true, null, 'xé'], b: {} }]);
  });

  it('may begin with a byte order mark, which moves no place', () => {
    const { values, nodes } = parse('\ufeffa: b\n');
    expect(values).toEqual([{ a: 'b' }]);
    expect(spanOf(field(nodes[0], 'a')).start).toEqual({ line: 1, column: 5, offset: 4 });
  });

  it('with an error give nothing, and the others are read', () => {
    expect(parse('a: [\n---\nb: 2\n')).toMatchObject({ values: [{ b: 2 }], codes: ['yaml-syntax'] });
  });

  it('keep quoted scalars as strings', () => {
    expect(parse('a: "80"\nb: \'yes\'\nc: |\n  5\nd: ! 5\n').values).toEqual([{ a: '80', b: 'yes', c: '5\n', d: '5' }]);
  });

  it('may use the core tags, where they fit', () => {
    expect(parse('a: !!str 80\nb: !!int "7"\nc: !!map {}\nd: !!seq []\n').values).toEqual([{ a: '80', b: 7, c: {}, d: [] }]);
    expect(
      complaints('a: !!int x\n---\na: !!set {x}\n---\na: !secret 1\n---\na: !!binary aGk=\n').map((text) => text.split(':')[0]),
    ).toEqual(Array(4).fill('yaml-tag'));
    expect(parse('a: !x!y z\n').codes).toEqual(['yaml-tag']);
  });

  it('cannot set a field twice', () => {
    expect(complaints('metadata:\n  name: a\n  "name": b\n')).toEqual(['duplicate-key: "name"']);
    expect(parse('80: a\n"80": b\n').codes).toEqual(['duplicate-key']);
  });

  it('cannot have fields without a text for a name', () => {
    expect(parse('? [a]\n: b\n').codes).toEqual(['yaml-key']);
    expect(parse('~: b\n').codes).toEqual(['yaml-key']);
  });

  it('cannot hold control characters or half a surrogate pair', () => {
    expect(complaints('a: "b\u0007"\n')).toEqual(['illegal-character: \u0007']);
    expect(parse('a: \ud800\n').codes).toEqual(['illegal-character']);
    expect(parse('a: b\ufeff\n').codes).toEqual(['illegal-character']);
    expect(parse('a: 😀 é 漢\n').values).toEqual([{ a: '😀 é 漢' }]);
  });

  it('cannot be indented by tabs', () => {
    expect(parse('a:\n\tb: 1\n').codes).toContain('yaml-syntax');
  });
});

describe('aliases', () => {
  it('stand for their anchor', () => {
    expect(parse('a: &x {b: 1}\nc: *x\nd: [*x, *x]\n').values).toEqual([{ a: { b: 1 }, c: { b: 1 }, d: [{ b: 1 }, { b: 1 }] }]);
  });

  it('merge mappings, whose fields give way to written ones', () => {
    expect(parse('a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\ne: {<<: [*x, {f: 4}]}\n').values).toEqual([
      { a: { b: 1, c: 2 }, d: { b: 1, c: 3 }, e: { b: 1, c: 2, f: 4 } },
    ]);
    expect(parse('a: {<<: 5}\n').codes).toEqual(['yaml-alias']);
  });

  it('cannot name what is not above them, themselves included', () => {
    expect(parse('a: *x\nb: &x 1\n').codes).toEqual(['yaml-alias']);
    expect(parse('a: &x [*x]\n').codes).toEqual(['yaml-alias']);
    expect(parse('a: &x 1\n---\nb: *x\n').codes).toContain('yaml-alias');
  });

  it('cannot multiply into a billion', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level <= 9; level += 1)
      lines.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      );
    expect(new Set(parse(lines.join('\n')).codes)).toEqual(new Set(['yaml-alias']));
  });
});

describe('hostile texts', () => {
  it.each([
    ['brackets', '['.repeat(100_000)],
    ['nested mappings', '{a: '.repeat(50_000)],
    ['nested lists', '- '.repeat(50_000)],
    ['closed brackets', '['.repeat(1000) + ']'.repeat(1000)],
    ['explicit keys', '? '.repeat(50_000)],
    ['growing indentation', Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['commas', `[${','.repeat(50_000)}`],
    ['quotes', '"'.repeat(50_000)],
    ['anchors', '& '.repeat(50_000)],
  ])('such as %s are refused, at once and in place', (_, text) => {
    const reporter = new Reporter();
    expect(parseFile({ path, text }, reporter)).toEqual([]);
    expect(reporter.errorCount).toBeGreaterThan(0);
    expect(reporter.diagnostics.length).toBeLessThanOrEqual(20);
  });
});

describe('nesting', () => {
  const nested = (depth: number) => `a: ${'['.repeat(depth)}${']'.repeat(depth)}`;

  it('is read as deep as any object goes', () => {
    expect(parse(nested(199)).codes).toEqual([]);
  });

  it('is refused beyond that at the same place, however much stack there is', () => {
    const reporter = new Reporter();
    expect(parseFile({ path, text: nested(100_000) }, reporter)).toEqual([]);
    expect(reporter.diagnostics).toMatchObject([{ code: 'nesting-too-deep', span: { start: { line: 1, column: 203 } } }]);
  });
});

describe('a text inside a scalar', () => {
  const outer = 'data:\n  mesh: |\n\n    a: b\n    c:\n      d: [\n        80 ]\n  quoted: "x: 80"\n';
  const root = parse(outer).nodes[0];

  it('points into the file where it is a literal block', () => {
    const mesh = field(root, 'data', 'mesh');
    const [node] = mesh.kind === 'scalar' ? parseEmbedded(mesh, new Reporter()) : [];
    const list = field(node, 'c', 'd');
    const number = list.kind === 'sequence' ? list.items[0] : undefined;
    expect(spanOf(field(node, 'a')).start).toMatchObject({ line: 4, column: 8 });
    expect(number && spanOf(number)).toMatchObject({ start: { line: 7, column: 9 }, end: { line: 7, column: 11 } });
  });

  it('points at the whole scalar otherwise', () => {
    const quoted = field(root, 'data', 'quoted');
    const [node] = quoted.kind === 'scalar' ? parseEmbedded(quoted, new Reporter()) : [];
    expect(spanOf(field(node, 'x'))).toEqual(spanOf(quoted));
  });

  it('reports errors there too', () => {
    expect(
      codesOf('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    a: [\n'),
    ).toEqual(['yaml-syntax']);
  });
});
