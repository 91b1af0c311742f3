import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { L7Mesh, servedBy, waypoint } from '../l7/l7-mesh.js';
import { ambientNamespace, pod } from '../support/manifests.js';
import { greeting, login, query, TestServer } from './wire.js';

const manifests = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'db', { address: '10.1.0.3', ports: [3306] }),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'db', '10.2.0.1', '[{ name: mysql, port: 3306, targetPort: 3306 }]'),
  `
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
    - services: ["*"]
      constraints: [{ key: "experimental.envoy.filters.network.mysql_proxy[db.table]", values: ["[update]"] }]
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRoleBinding
metadata: { namespace: shop, name: writer }
spec: { subjects: [{ user: "*" }], roleRef: { kind: ServiceRole, name: writer } }
`,
];

let mesh: L7Mesh;
afterEach(() => mesh.stop());

/** Reads whole packets, one after another. */
async function packets(socket: Socket, count: number): Promise<Buffer[]> {
  const found: Buffer[] = [];
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    for (let length = 0; bytes.length >= 4 && bytes.length >= 4 + length; ) {
      length = bytes.readUIntLE(0, 3);
      if (bytes.length < 4 + length) break;
      found.push(bytes.subarray(4, 4 + length));
      bytes = bytes.subarray(4 + length);
      length = 0;
    }
    if (found.length >= count) break;
  }
  return found;
}

describe('the constraint experimental.envoy.filters.network.mysql_proxy over real sockets', () => {
  it('grants one statement and denies another, on one connection', async () => {
    const servers: TestServer[] = [];
    mesh = await L7Mesh.start(manifests, (made) =>
      made.run('shop/db', 3306, (socket) => {
        servers.push(new TestServer(socket));
        socket.write(greeting());
      }),
    );
    const socket = await mesh.mesh.connectAs('shop/client', 'db.shop', 3306);
    socket.write(Buffer.concat([login({ database: 'db' }), query('UPDATE `table` SET n = 1'), query('DELETE FROM `table`')]));
    const [, , updated, deleted] = await packets(socket, 4);
    expect(updated?.[0]).toBe(0);
    expect(deleted?.toString('latin1')).toContain("DELETE command denied by mesh policy for table 'db.table'");
    expect(servers[0]?.texts).toEqual(['UPDATE `table` SET n = 1']);
    expect(await mesh.logged('message refused', 'delete on db.table')).toContain('no-role-match');
  });
});
