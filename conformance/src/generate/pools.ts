/** The words that generated meshes are made of: few, so that policies and requests meet. */
export const pools = {
  namespaces: ['shop', 'other'],
  accounts: ['web', 'batch', 'gate'],
  trustDomains: ['cluster.local', 'partner.example'],
  addresses: ['10.0.0.9', '10.0.0.10', '10.1.0.9', '203.0.113.7', '2001:db8::9'],
  hosts: ['api.shop', 'API.shop:80', 'www.example'],
  methods: ['GET', 'POST', 'DELETE'],
  paths: ['/', '/admin', '/admin/users', '/public/a.txt', '/public/../admin', '//admin'],
  headerNames: ['x-team', 'accept'],
  headerValues: ['red', 'blue', 'red-ish', ''],
  serverNames: ['db.example', 'www.example'],
} as const;

/** Every identity of the pools. */
export const identities: readonly string[] = pools.trustDomains.flatMap((domain) =>
  pools.namespaces.flatMap((namespace) => pools.accounts.map((account) => `spiffe://${domain}/ns/${namespace}/sa/${account}`)),
);
