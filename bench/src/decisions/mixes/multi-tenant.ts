import type { BenchPolicy } from '../bench-policy.js';
import { type Draft, type Mix, policiesFrom, spiffe } from './mix.js';

const rulesPerTeam = 20;

/**
 * A shared service with a namespace for each team: each rule opens one part of a team's share to whoever runs in its namespace; every
 * tenth shuts one service account out again.
 */
export const multiTenant: Mix = {
  name: 'multi-tenant',
  layer: 'waypoint',
  connections: 'kept',
  policies: (rules) => policiesFrom(rules, (index) => rowOf(index, teamsFor(rules))),
  draft(rules, chance) {
    const teams = teamsFor(rules);
    const row = allowRow(chance.int(rules));
    const team = row % teams;
    const path = `/tenants/${team}/part-${row}/${chance.word()}`;
    const allowed: Draft = {
      effect: 'allow',
      identity: spiffe(`cluster.local/ns/team-${team}/sa/worker-${chance.int(4)}`),
      sourceIp: '10.0.0.1',
      port: 9080,
      http: { method: methodOf(row), path },
    };
    const kind = chance.int(10);
    if (kind < 5) return allowed;
    if (kind === 5) {
      const stranger = spiffe(`cluster.local/ns/team-${(team + 1) % teams}/sa/worker-0`);
      return { ...allowed, effect: 'deny', identity: stranger };
    }
    if (kind === 6) {
      const denying = row - (row % 10) + 9;
      return { ...allowed, effect: 'deny', identity: spiffe(leaver(denying, teams)) };
    }
    if (kind === 7) return { ...allowed, effect: 'deny', http: { method: 'DELETE', path } };
    return { ...allowed, effect: 'deny', http: { method: 'GET', path: `/tenants/${team}/${chance.word()}/part` } };
  },
};

function rowOf(index: number, teams: number): BenchPolicy {
  if (index % 10 === 9) return { action: 'DENY', rules: [{ principals: [leaver(index, teams)] }] };
  const team = index % teams;
  const paths = [`/tenants/${team}/part-${index}/*`];
  return { action: 'ALLOW', rules: [{ namespaces: [`team-${team}`], methods: [methodOf(index)], paths }] };
}

function allowRow(index: number): number {
  return index % 10 === 9 ? index - 1 : index;
}

function teamsFor(rules: number): number {
  return Math.max(2, Math.ceil(rules / rulesPerTeam));
}

function leaver(index: number, teams: number): string {
  return `cluster.local/ns/team-${index % teams}/sa/leaver-${index}`;
}

function methodOf(index: number): string {
  return index % 3 === 0 ? 'POST' : 'GET';
}
