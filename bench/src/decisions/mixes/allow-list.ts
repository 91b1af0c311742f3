import { type Draft, type Mix, spiffe } from './mix.js';

/** One rule with all principals that may read; every request comes on a connection of its own, as the list is about connections. */
export const allowList: Mix = {
  name: 'allow-list',
  layer: 'waypoint',
  connections: 'new',
  policies: (rules) => [
    { action: 'ALLOW', rules: [{ principals: Array.from({ length: rules }, (_, index) => listed(index)), methods: ['GET'] }] },
  ],
  draft(rules, chance) {
    const allowed: Draft = {
      effect: 'allow',
      identity: spiffe(listed(chance.int(rules))),
      sourceIp: '10.0.0.1',
      port: 9080,
      http: { method: 'GET', path: `/catalogue/${chance.word()}` },
    };
    const kind = chance.int(10);
    if (kind < 5) return allowed;
    if (kind === 5) return { ...allowed, effect: 'deny', http: { method: 'DELETE', path: '/catalogue/1' } };
    const unlisted = `cluster.local/ns/team-${chance.int(50)}/sa/client-${chance.word()}`;
    return { ...allowed, effect: 'deny', identity: spiffe(unlisted) };
  },
};

function listed(index: number): string {
  return `cluster.local/ns/team-${index % 50}/sa/client-${index}`;
}
