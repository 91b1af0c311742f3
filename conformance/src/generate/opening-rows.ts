import type { World } from './arbitrary-world.js';

type Query = World['queries'][number];

/** A row of the table of dialects by which `strict` admits what `upstream` denies, and where it can have a say. */
interface OpeningRow {
  readonly row: string;
  concerns(world: World, query: Query, policies: string): boolean;
}

const rows: readonly OpeningRow[] = [
  {
    row: 'which keys are L7',
    concerns: (_, { layer }, policies) => layer === 'ztunnel' && /source\.(serviceAccount|trustDomain)/.test(policies),
  },
  {
    row: '`trustDomains` at ztunnel',
    concerns: (_, { layer }, policies) => layer === 'ztunnel' && /"(trustDomains|notTrustDomains)"/.test(policies),
  },
  {
    row: 'trust-domain aliases at ztunnel',
    concerns: ({ meshConfig }, { layer }) => layer === 'ztunnel' && 'trustDomainAliases' in meshConfig,
  },
  {
    row: 'ipBlocks and source.ip at a waypoint',
    concerns: (_, { layer }, policies) => layer.startsWith('waypoint') && /"(ipBlocks|notIpBlocks|source\.ip)"/.test(policies),
  },
  {
    row: 'remote.ip at a waypoint',
    concerns: (_, { layer, request }, policies) =>
      layer === 'waypoint' &&
      /"(remoteIpBlocks|notRemoteIpBlocks|remote\.ip)"/.test(policies) &&
      (request?.headers ?? []).some(([name]) => name === 'x-forwarded-for'),
  },
];

/** The rows that could explain why `strict` admits what `upstream` denies here; empty where it must not. */
export function openingRows(world: World, query: Query): readonly string[] {
  const policies = JSON.stringify(world.manifests);
  return rows.filter((each) => each.concerns(world, query, policies)).map(({ row }) => row);
}
