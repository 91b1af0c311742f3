import type { Access, Operation, Statement, TableName } from './access.js';
import { SqlError } from './sql-error.js';
import { checkedName, type NamePart, tableName } from './table-name.js';

/** A node of the parser's tree, which is plain JSON. */
export type Tree = null | boolean | number | string | readonly Tree[] | TreeNode;
interface TreeNode {
  readonly [name: string]: Tree | undefined;
}

/** The names of common table expressions that are visible at a place, as written: the server may tell `t` from `T`. */
type Scope = ReadonlySet<string>;
type Reader = (statement: TreeNode, accesses: Accesses, scope: Scope) => void;

/**
 * What a parsed statement does to which tables. A kind of statement that is not known here is refused, and so is whatever a table may hide
 * behind: functions in place of tables, procedures, statements within texts.
 */
export function collectAccesses(tree: Tree): Statement {
  const accesses = new Accesses();
  const use = readStatement(tree, accesses, new Set());
  return { accesses: accesses.list(), ...(use === undefined ? {} : { use }) };
}

class Accesses {
  readonly #all = new Map<string, Access>();

  add(table: TableName, ...operations: readonly Operation[]): void {
    for (const operation of operations) {
      this.#all.set(JSON.stringify([table.database ?? null, table.table, operation]), { ...table, operation });
    }
  }

  list(): readonly Access[] {
    return [...this.#all.values()];
  }
}

/** Kinds of statement that have no tables but those in their expressions. */
const withoutTables: ReadonlySet<string> = new Set([
  'Set',
  'StartTransaction',
  'Commit',
  'Rollback',
  'Savepoint',
  'ReleaseSavepoint',
  'Kill',
  'UnlockTables',
]);

const readers: Readonly<Record<string, Reader>> = {
  Query: walk,
  Insert: readInsert,
  Update: readUpdate,
  Delete: readDelete,
  Truncate: ({ table_names: names, ...rest }, accesses, scope) => {
    for (const each of list(names)) accesses.add(objectName(node(each).name), 'drop');
    walk(rest, accesses, scope);
  },
  CreateTable: ({ name, like, clone, ...rest }, accesses, scope) => {
    accesses.add(objectName(name), 'create');
    if (like) accesses.add(objectName(only(node(like)).name), 'select');
    if (clone) throw new SqlError('a table is cloned');
    walk(rest, accesses, scope);
  },
  CreateView: ({ name, or_replace: replaces, ...rest }, accesses, scope) => {
    accesses.add(objectName(name), 'create', ...(replaces === true ? (['drop'] as const) : []));
    walk(rest, accesses, scope);
  },
  AlterTable: ({ name, operations, ...rest }, accesses, scope) => {
    accesses.add(objectName(name), 'alter');
    for (const operation of list(operations)) readAlteration(name, node(operation), accesses, scope);
    walk(rest, accesses, scope);
  },
  CreateIndex: ({ table_name: name, ...rest }, accesses, scope) => {
    accesses.add(objectName(name), 'alter');
    walk(rest, accesses, scope);
  },
  Drop: readDrop,
  RenameTable: (renames, accesses) => {
    for (const rename of list(renames as unknown as Tree)) {
      accesses.add(objectName(node(rename).old_name), 'alter', 'drop');
      accesses.add(objectName(node(rename).new_name), 'create', 'insert');
    }
  },
  CreateDatabase: ({ db_name: name }, accesses) => accesses.add(wholeDatabase(name), 'create'),
  Explain: ({ statement, ...rest }, accesses, scope) => {
    readStatement(statement, accesses, scope);
    walk(rest, accesses, scope);
  },
  ExplainTable: ({ table_name: name }, accesses) => accesses.add(objectName(name), 'show'),
  LockTables: ({ tables }, accesses) => {
    for (const each of list(tables)) accesses.add(tableName([identifier(node(each).table)]), 'lock');
  },
};

/** Reads one statement; the database that it makes the current one, if it does. */
function readStatement(tree: Tree | undefined, accesses: Accesses, scope: Scope): string | undefined {
  if (tree === 'UnlockTables') return undefined;
  const [[kind, body] = [], ...more] = Object.entries(node(tree));
  if (kind === undefined || more.length > 0) throw new SqlError('a statement is of no kind');
  if (kind === 'Use') return readUse(node(body));
  if (withoutTables.has(kind)) {
    walk(body, accesses, scope);
    return undefined;
  }
  const read = Object.hasOwn(readers, kind) ? readers[kind] : undefined;
  if (read === undefined || body === undefined) throw new SqlError(`statements like ${kind} are not judged`);
  read(body as TreeNode, accesses, scope);
  return undefined;
}

function readUse(body: TreeNode): string {
  const [name, ...more] = nameParts(body.Object);
  if (name === undefined || more.length > 0) throw new SqlError('the database to use is not named');
  return checkedName(name.text, name.quote);
}

function readInsert(body: TreeNode, accesses: Accesses, scope: Scope): void {
  const { table, columns: _, table_alias: _alias, insert_alias: _insertAlias, ...rest } = body;
  const target = objectName(node(table).TableName);
  accesses.add(target, 'insert');
  if (body.replace_into === true) accesses.add(target, 'delete');
  if (body.on) accesses.add(target, 'update');
  if (body.returning) accesses.add(target, 'select');
  walk(rest, accesses, scope);
}

function readUpdate({ table, assignments, ...rest }: TreeNode, accesses: Accesses, scope: Scope): void {
  const sources = sourcesOf([table]);
  const [single, ...others] = sources;
  if (single === undefined) throw new SqlError('nothing is updated');
  const assigned = others.length === 0 ? [single] : list(assignments).flatMap((each) => assignedTables(node(each), sources));
  for (const { name } of sources) accesses.add(name, assigned.some((each) => each.name === name) ? 'update' : 'select');
  if (rest.returning) accesses.add(single.name, 'select');
  walk(withoutNames(table, new Set(sources.map((source) => source.node))), accesses, scope);
  walk(assignments, accesses, scope);
  walk(rest, accesses, scope);
}

/** The tables that an assignment may change: the one that its column names, or any. */
function assignedTables({ target }: TreeNode, sources: readonly Source[]): readonly Source[] {
  const column = nameParts(node(target).ColumnName);
  if (column.length === 1) return sources;
  const qualifier = column.at(-2)?.text;
  const named = sources.filter(({ alias, name }) => (alias ?? name.table) === qualifier);
  return named.length > 0 ? named : sources;
}

function readDelete({ tables, from, using, ...rest }: TreeNode, accesses: Accesses, scope: Scope): void {
  const fromTables = only(node(from));
  const targets = list(tables).map((each) => nameParts(each));
  const several = targets.length > 0 || using;
  const sources = sourcesOf(list(several && using ? using : fromTables));
  if (!several) {
    for (const { name } of sources) accesses.add(name, 'delete');
  } else {
    const named = targets.length > 0 ? targets : sourcesOf(list(fromTables)).map(({ name }) => partsOf(name));
    const deleted = named.map((parts) => targetOf(parts, sources));
    for (const name of deleted) accesses.add(name, 'delete');
    for (const { name } of sources) if (!deleted.includes(name)) accesses.add(name, 'select');
  }
  if (rest.returning) for (const { name } of sources) accesses.add(name, 'select');
  const known = new Set(sources.map((source) => source.node));
  walk(withoutNames(several && using ? using : fromTables, known), accesses, scope);
  walk(rest, accesses, scope);
}

/** What a multiple-table DELETE names as its target: an alias, or a table. */
function targetOf(parts: readonly NamePart[], sources: readonly Source[]): TableName {
  const written = parts.at(-1)?.text === '*' ? parts.slice(0, -1) : parts;
  const [first] = written;
  const byAlias = sources.find(({ alias, name }) => written.length === 1 && (alias ?? name.table) === first?.text);
  return byAlias?.name ?? tableName(written);
}

function readDrop({ object_type: type, names, table, ...rest }: TreeNode, accesses: Accesses): void {
  switch (type) {
    case 'Table':
    case 'View':
      for (const name of list(names)) accesses.add(objectName(name), 'drop');
      return;
    case 'Index':
      accesses.add(objectName(table), 'alter');
      return;
    case 'Database':
    case 'Schema':
      for (const name of list(names)) accesses.add(wholeDatabase(name), 'drop');
      return;
    default:
      throw new SqlError(`statements like DROP ${String(type)} are not judged${rest.cascade === true ? ' with CASCADE' : ''}`);
  }
}

function readAlteration(table: Tree | undefined, operation: TreeNode, accesses: Accesses, scope: Scope): void {
  const [[kind, body] = []] = Object.entries(operation);
  if (kind === 'RenameTable') {
    accesses.add(objectName(table), 'drop');
    accesses.add(objectName(only(node(node(body).table_name))), 'create', 'insert');
  } else if (kind !== undefined && (kind.includes('Partition') || kind.startsWith('Swap'))) {
    // EXCHANGE PARTITION changes a second table.
    throw new SqlError('changes of partitions are not judged');
  } else {
    walk(operation, accesses, scope);
  }
}

/** A table of a FROM clause, with the node that names it. */
interface Source {
  readonly name: TableName;
  readonly alias?: string;
  readonly node: TreeNode;
}

/** The tables that stand directly in a list of tables with their joins; derived tables are for `walk`. */
function sourcesOf(tables: readonly (Tree | undefined)[]): readonly Source[] {
  return tables.flatMap((each): readonly Source[] => {
    const { relation, joins } = node(each);
    const relations = [relation, ...list(joins).map((join) => node(join).relation)];
    return relations.flatMap((factor): readonly Source[] => {
      const { Table: table, NestedJoin: nested } = node(factor);
      if (table) return [sourceOf(node(table))];
      return nested ? sourcesOf([node(nested).table_with_joins]) : [];
    });
  });
}

function sourceOf(table: TreeNode): Source {
  if (table.args) throw new SqlError('a function stands in place of a table');
  const alias = table.alias ? identifier(node(table.alias).name).text : undefined;
  return { name: objectName(table.name), node: table, ...(alias === undefined ? {} : { alias }) };
}

/** The same tree without the tables that have been accounted for. */
function withoutNames(tree: Tree | undefined, known: ReadonlySet<TreeNode>): Tree {
  if (Array.isArray(tree)) return (tree as readonly Tree[]).map((each) => withoutNames(each, known));
  if (!isNode(tree)) return tree ?? null;
  const entries = Object.entries(tree).map(([key, value]): [string, Tree] => {
    if (key !== 'Table' || !known.has(value as TreeNode)) return [key, withoutNames(value, known)];
    const { name: _, alias: _alias, ...rest } = value as TreeNode;
    return ['Rest', withoutNames(rest as Tree, known)];
  });
  return Object.fromEntries(entries);
}

/** Adds every table that is read anywhere below. */
function walk(tree: Tree | undefined, accesses: Accesses, scope: Scope): void {
  if (Array.isArray(tree)) {
    for (const each of tree) walk(each, accesses, scope);
  } else if (isNode(tree)) {
    walkNode(tree, accesses, scope);
  }
}

function walkNode(tree: TreeNode, accesses: Accesses, scope: Scope): void {
  const { with: expressions } = tree;
  const inner = isNode(expressions) ? withExpressions(expressions, accesses, scope) : scope;
  for (const [key, value] of Object.entries(tree)) {
    if (key === 'with' && isNode(value)) continue;
    if (!isNode(value)) walk(value, accesses, inner);
    else if (key === 'Table') readTable(value, accesses, inner);
    else if (key === 'Insert' || key === 'Update' || key === 'Delete')
      readStatement(statementWithin(value, key), accesses, inner);
    else if (key === 'TableFunction' || key === 'SemanticView') throw new SqlError('a function stands in place of a table');
    else walk(value, accesses, inner);
  }
}

/** A statement in place of a query is a whole statement again. */
function statementWithin(body: TreeNode, kind: string): Tree {
  return Object.hasOwn(body, kind) ? body : { [kind]: body };
}

/** An expression sees those before it, and itself only if it may recur. */
function withExpressions({ cte_tables: expressions, recursive }: TreeNode, accesses: Accesses, scope: Scope): Scope {
  const visible = new Set(scope);
  for (const each of list(expressions)) {
    const { alias, query } = node(each);
    const name = identifier(node(alias).name).text;
    walk(query, accesses, recursive === true ? new Set([...visible, name]) : new Set(visible));
    visible.add(name);
  }
  return visible;
}

function readTable(table: TreeNode, accesses: Accesses, scope: Scope): void {
  if ('table_name' in table) {
    // `TABLE t` as a query.
    const parts = [table.schema_name, table.table_name].filter((part) => typeof part === 'string');
    accesses.add(tableName(parts.map((text) => ({ text }))), 'select');
    return;
  }
  const { name, alias: _, args, ...rest } = table;
  if (args) throw new SqlError('a function stands in place of a table');
  const parts = nameParts(name);
  const [first] = parts;
  const isDual = parts.length === 1 && first?.quote === undefined && first?.text.toUpperCase() === 'DUAL';
  if (!isDual && !(parts.length === 1 && scope.has(first?.text ?? ''))) accesses.add(tableName(parts), 'select');
  walk(rest as Tree, accesses, scope);
}

function wholeDatabase(name: Tree | undefined): TableName {
  const [first, ...more] = nameParts(name);
  if (first === undefined || more.length > 0) throw new SqlError('a database is not named');
  return { database: checkedName(first.text, first.quote), table: '*' };
}

function objectName(name: Tree | undefined): TableName {
  return tableName(nameParts(name));
}

function partsOf({ database, table }: TableName): readonly NamePart[] {
  return [...(database === undefined ? [] : [{ text: database }]), { text: table }];
}

function nameParts(name: Tree | undefined): readonly NamePart[] {
  return list(name).map((part) => identifier(node(part).Identifier));
}

function identifier(tree: Tree | undefined): NamePart {
  const { value, quote_style: quote } = node(tree);
  if (typeof value !== 'string') throw new SqlError('a name is computed');
  return { text: value, ...(typeof quote === 'string' ? { quote } : {}) };
}

function node(tree: Tree | undefined): TreeNode {
  if (!isNode(tree)) throw new SqlError('the statement has an unknown shape');
  return tree;
}

function isNode(tree: Tree | undefined): tree is TreeNode {
  return typeof tree === 'object' && tree !== null && !Array.isArray(tree);
}

function list(tree: Tree | undefined): readonly Tree[] {
  if (tree === undefined || tree === null) return [];
  if (!Array.isArray(tree)) throw new SqlError('the statement has an unknown shape');
  return tree;
}

/** The one member of a tagged value. */
function only(tagged: TreeNode): Tree & TreeNode {
  const [value, ...more] = Object.values(tagged);
  if (value === undefined || more.length > 0) throw new SqlError('the statement has an unknown shape');
  return value as Tree & TreeNode;
}
