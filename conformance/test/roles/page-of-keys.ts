/** One row of the page of keys that roles and bindings know: which table it is in, and whether it is supported on TCP. */
export interface PageKey {
  readonly key: string;
  readonly table: 'constraints' | 'properties';
  readonly tcp: boolean;
  /** A test elsewhere that proves it over real sockets, with both effects. */
  readonly test?: { readonly file: string; readonly title: string };
}

/** The page's two tables, row by row; brackets hold the example of the page. */
export const pageOfKeys: readonly PageKey[] = [
  { table: 'constraints', key: 'destination.ip', tcp: true },
  { table: 'constraints', key: 'destination.port', tcp: true },
  { table: 'constraints', key: 'destination.labels[version]', tcp: true },
  { table: 'constraints', key: 'destination.namespace', tcp: true },
  { table: 'constraints', key: 'destination.user', tcp: true },
  {
    table: 'constraints',
    key: 'experimental.envoy.filters.network.mysql_proxy[db.table]',
    tcp: true,
    test: {
      file: 'packages/mesh/test/mysql/roles-over-sockets.test.ts',
      title: 'grants one statement and denies another, on one connection',
    },
  },
  { table: 'constraints', key: 'request.headers[X-Custom-Token]', tcp: false },
  { table: 'properties', key: 'source.ip', tcp: true },
  { table: 'properties', key: 'source.namespace', tcp: true },
  { table: 'properties', key: 'source.principal', tcp: true },
  { table: 'properties', key: 'request.headers[User-Agent]', tcp: false },
  { table: 'properties', key: 'request.auth.principal', tcp: false },
  { table: 'properties', key: 'request.auth.audiences', tcp: false },
  { table: 'properties', key: 'request.auth.presenter', tcp: false },
  { table: 'properties', key: 'request.auth.claims[iss]', tcp: false },
];
