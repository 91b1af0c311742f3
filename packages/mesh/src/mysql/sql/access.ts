/** What a statement does to a table. The words are those of Envoy's MySQL filter; `lock` is added. */
export type Operation = 'select' | 'insert' | 'update' | 'delete' | 'create' | 'drop' | 'alter' | 'show' | 'lock';

/** A table as a statement names it. */
export interface TableName {
  /** Absent where the current database is meant. */
  readonly database?: string;
  /** `*` for the database as a whole. */
  readonly table: string;
}

/** One thing that a statement does to one table. */
export interface Access extends TableName {
  readonly operation: Operation;
}

/** What one statement is about. */
export interface Statement {
  /** Empty for a statement without tables. */
  readonly accesses: readonly Access[];
  /** The database that it makes the current one. */
  readonly use?: string;
}
