import { rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { L7Mesh, servedBy, waypoint } from '../l7/l7-mesh.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';
import { hasMariaDb, MariaDb, runClient } from './mariadb.js';

const key = (table: string) => `experimental.envoy.filters.network.mysql_proxy[${table}]`;
const base = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'other', { address: '10.1.0.2' }),
  pod('shop', 'db', { address: '10.1.0.3', ports: [3306] }),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'db', '10.2.0.1', '[{ name: mysql, port: 3306, targetPort: 3306 }]'),
];
const when = (rules: readonly (readonly [table: string, ...operations: string[]])[]) =>
  policy(
    'shop',
    'tables',
    JSON.stringify({
      targetRefs: [{ kind: 'Service', group: '', name: 'db' }],
      rules: rules.map(([table, ...operations]) => ({
        from: [{ source: { principals: ['cluster.local/ns/shop/sa/client'] } }],
        when: [{ key: key(table), values: operations.map((operation) => `[${operation}]`) }],
      })),
    }),
  );
const roles = (operations: readonly string[]) => `
apiVersion: rbac.istio.io/v1alpha1
kind: ClusterRbacConfig
metadata: { name: default }
spec: { mode: "ON" }
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRole
metadata: { namespace: shop, name: writer }
spec:
  rules:
    - services: [db.shop.svc.cluster.local]
      constraints: [{ key: "${key('db.table')}", values: ${JSON.stringify(operations.map((each) => `[${each}]`))} }]
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRoleBinding
metadata: { namespace: shop, name: writer }
spec:
  subjects: [{ user: cluster.local/ns/shop/sa/client }]
  roleRef: { kind: ServiceRole, name: writer }
`;

const setup = `CREATE DATABASE db;
CREATE DATABASE elsewhere;
CREATE TABLE db.\`table\` (id INT PRIMARY KEY, n INT);
CREATE TABLE db.other (id INT PRIMARY KEY, n INT);
CREATE TABLE elsewhere.\`table\` (id INT PRIMARY KEY, n INT);
CREATE USER app@localhost IDENTIFIED BY 'secret';
CREATE USER app2@localhost IDENTIFIED BY 'secret';
GRANT ALL ON *.* TO app@localhost;
GRANT ALL ON *.* TO app2@localhost;
`;

const skipped = hasMariaDb() ? false : 'mariadbd and mariadb are not installed';

describe.skipIf(skipped)('a real MariaDB behind a waypoint (Debian packages mariadb-server and mariadb-client)', () => {
  let db: MariaDb;
  let mesh: L7Mesh | undefined;

  beforeAll(async () => {
    db = await MariaDb.start(setup);
  });
  afterAll(() => db?.stop());
  beforeEach(() =>
    db.ask('REPLACE db.`table` VALUES (1, 1), (2, 2); REPLACE db.other VALUES (1, 1); REPLACE elsewhere.`table` VALUES (1, 1)'),
  );
  afterEach(async () => {
    await mesh?.stop();
    mesh = undefined;
  });

  const start = async (manifests: readonly string[]) => {
    mesh = await L7Mesh.start([...base, ...manifests], (made) => made.run('shop/db', 3306, (socket) => db.serve(socket)));
  };
  const client = (sql: string, ...options: readonly string[]) =>
    runClient(() => (mesh as L7Mesh).mesh.connectAs('shop/client', 'db.shop', 3306), sql, ...options);
  const sums = () => db.ask('SELECT (SELECT SUM(n) FROM db.`table`), (SELECT COUNT(*) FROM db.`table`)');

  for (const [generation, manifest] of [
    ['a ServiceRole', roles(['update'])],
    ['an AuthorizationPolicy', when([['db.table', 'update']])],
  ] as const) {
    it(`lets UPDATE through and refuses DELETE on one connection, by ${generation}`, async () => {
      await start([manifest]);
      const statements = [
        'SELECT CONNECTION_ID();',
        'UPDATE `table` SET n = 10 WHERE id = 1;',
        'DELETE FROM `table`;',
        'UPDATE db.`table` SET n = 20 WHERE id = 2;',
        'SELECT CONNECTION_ID();',
      ];
      const { out, errors } = await client(statements.join('\n'), '-A', 'db');
      expect(errors).toBe("ERROR 1142 (42000) at line 3: DELETE command denied by mesh policy for table 'db.table'");
      const [before, after] = out.split('\n');
      expect(Number(before)).toBeGreaterThan(0);
      expect(after).toBe(before);
      expect(await sums()).toBe('30\t2');
      expect(await mesh?.logged('message refused', 'delete on db.table')).toMatch(/reason="no-/);
    });
  }

  it('follows the current database through USE, also where the server refuses it', async () => {
    await start([
      when([
        ['db.table', 'update'],
        ['nowhere.table', 'update', 'delete'],
      ]),
    ]);
    const { errors } = await client(
      'USE db;\nUPDATE `table` SET n = 5;\nUSE nowhere;\nDELETE FROM `table`;\nUSE elsewhere;\nUPDATE `table` SET n = 5;',
      '-A',
    );
    expect(errors.split('\n').map((line) => line.split(': ')[0])).toEqual([
      'ERROR 1049 (42000) at line 3',
      'ERROR 1142 (42000) at line 4',
      'ERROR 1142 (42000) at line 6',
    ]);
    expect(await sums()).toBe('10\t2');
    expect(await db.ask('SELECT n FROM elsewhere.`table`')).toBe('1');
  });

  it('lets large results, files and transactions through as they are', async () => {
    await start([when([['db.table', '*']])]);
    const file = join(tmpdir(), `sallyport-rows-${process.pid}.csv`);
    await writeFile(file, Array.from({ length: 5_000 }, (_, at) => `${at + 1_000},${at}\n`).join(''));
    const { errors, out } = await client(
      [
        'START TRANSACTION;',
        'SELECT a.id FROM `table` a JOIN `table` b ORDER BY 1;',
        'ROLLBACK;',
        `SELECT LENGTH(REPEAT('x', 3000000));`,
        `SELECT LEFT(REPEAT('x', 3000000), 5), REPEAT('y', 2000000) IS NULL;`,
        'INSERT INTO `table` (id, n) VALUES (7, 7) ON DUPLICATE KEY UPDATE n = 8;',
        'SELECT n FROM `table` WHERE id = 7;',
        `LOAD DATA LOCAL INFILE '${file}' INTO TABLE \`table\` FIELDS TERMINATED BY ',';`,
        'SELECT COUNT(*) FROM `table` WHERE id >= 1000;',
      ].join('\n'),
      '-A',
      '--local-infile=1',
      'db',
    );
    expect(errors).toBe('');
    expect(out.split('\n')).toEqual(['1', '1', '2', '2', '3000000', 'xxxxx\t0', '7', '5000']);
    await db.ask('DELETE FROM db.`table` WHERE id >= 7');
    await rm(file);
  });

  it('hides TLS and compression of the server from a client that would use them', async () => {
    await start([when([['db.table', 'update']])]);
    expect(await client('SHOW STATUS LIKE "Compression";', '-A', '--compress', '--ssl', 'db')).toMatchObject({
      status: 0,
      out: 'Compression\tOFF',
    });
  });

  it('ends the connection at what it cannot judge, with the reason', async () => {
    await start([when([['db.table', '*']])]);
    for (const sql of [
      'CALL p();',
      '/*!50000 DELETE FROM `table` */;',
      "EXECUTE IMMEDIATE 'DELETE FROM `table`';",
      'SET NAMES gbk;',
    ]) {
      const { errors } = await client(`${sql}\nSELECT 1;`, '-A', '--skip-reconnect', '--comments', 'db');
      expect(errors).toContain('ERROR 1064 (42000) at line 1: the mesh does not let through what it cannot judge');
    }
    expect(await sums()).toBe('3\t2');
  });

  it('is judged behind an ingress gateway, too, by the service that the route leads to', async () => {
    const front = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: shop, name: front }
spec: { gatewayClassName: istio, listeners: [{ name: db, port: 13306, protocol: TCP }] }
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: { namespace: shop, name: db }
spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: db, port: 3306 }] }] }
`;
    const atFront = {
      targetRefs: [{ kind: 'Gateway', group: 'gateway.networking.k8s.io', name: 'front' }],
      action: 'DENY',
      rules: [{ when: [{ key: key('db.table'), values: ['[delete]'] }] }],
    };
    await start([front, policy('shop', 'no-delete', JSON.stringify(atFront))]);
    const [listener] = mesh?.gate('shop/front').status().listeners ?? [];
    const dial = async () => connect({ host: listener?.address ?? '', port: listener?.port ?? 0, allowHalfOpen: true });
    const run = await runClient(dial, 'DELETE FROM `table`;\nUPDATE `table` SET n = 4;', '-A', 'db');
    expect(run.errors).toContain('ERROR 1142 (42000) at line 1: DELETE command denied');
    expect(run.errors).not.toContain('line 2');
    expect(await sums()).toBe('8\t2');
    expect(await mesh?.logged('message refused', 'delete on db.table')).toContain('reason="deny-policy"');
  });

  it('refuses a client without any rule before the server has said a word', async () => {
    await start([when([['db.table', 'update']])]);
    const run = await runClient(() => (mesh as L7Mesh).mesh.connectAs('shop/other', 'db.shop', 3306), 'SELECT 1;', '-A');
    expect(run.out).toBe('');
    expect(run.errors).toContain('ERROR 2013');
  });

  it('judges every statement under the policy in force when it comes', async () => {
    await start([when([['db.table', 'update']])]);
    expect((await client('DELETE FROM `table` WHERE id = 1;', '-A', 'db')).errors).toContain('ERROR 1142');
    await mesh?.change([...base, when([['db.table', 'delete']])]);
    expect(await client('DELETE FROM `table` WHERE id = 1;', '-A', 'db')).toMatchObject({ errors: '', status: 0 });
    expect(await sums()).toBe('2\t1');
  });
});
