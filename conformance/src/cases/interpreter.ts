import { buildInventory, type Dialect, type Inventory, loadResources, sortDiagnostics } from '@sallyport/policy';
import { gateAsked } from '../recorded/gate-asked.js';
import type { Query } from '../recorded/recorded-case.js';
import type { CaseQuery } from './case.js';
import type { CaseAnswer, CaseEngine, CaseMesh } from './engine.js';

/** The interpreter of `@sallyport/policy`. */
export const interpreter: CaseEngine = {
  load(mesh, name) {
    const inventory = inventoryOf(mesh, { name, flags: mesh.flags });
    return { answer: (query) => answerOf(inventory, query) };
  },
};

/** The inventory of a mesh that is written as data; throws an `Error` that names the first defect. */
export function inventoryOf({ manifests, meshConfig }: Omit<CaseMesh, 'flags'>, dialect: Dialect): Inventory {
  const text = manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n');
  const config = { path: 'meshconfig.json', text: JSON.stringify(meshConfig) };
  const { set, diagnostics } = loadResources([{ path: 'case.yaml', text }, config], dialect);
  const [invalid] = sortDiagnostics(diagnostics).filter(({ kind, severity }) => kind === 'invalid' && severity === 'error');
  if (invalid !== undefined) throw new Error(`${invalid.code}: ${invalid.message}`);
  return buildInventory(set, dialect).inventory;
}

function answerOf(inventory: Inventory, query: Omit<CaseQuery, 'expect'>): CaseAnswer {
  const asked = gateAsked(inventory, questionOf(inventory, query));
  const verdict = asked.decide(asked.binding);
  const { effect, reason, policy, status, detail, dryRun } = verdict;
  const { path } = verdict as { path?: string };
  return {
    effect,
    reason,
    policy: policy === undefined ? null : `${policy.namespace}/${policy.name}`,
    ...(policy?.rule === undefined ? {} : { rule: policy.rule }),
    ...(effect === 'deny' && query.request !== undefined ? { status: status ?? 403 } : {}),
    ...(effect === 'allow' && path !== undefined ? { path } : {}),
    audit: verdict.audit.map((each) => `${each.namespace}/${each.name}`),
    ...(dryRun === undefined ? {} : { dryRun: dryRun.effect }),
    ...(detail === undefined ? {} : { detail }),
    enforced: asked.binding.policies.map(({ policy: { kind, metadata } }) => `${kind}/${metadata.namespace}/${metadata.name}`),
  };
}

/** The query in the form of the recorded ones, which find the gate of a mesh. */
function questionOf(inventory: Inventory, { layer, target, port, source, request }: Omit<CaseQuery, 'expect'>): Query {
  const [kind = '', namespace = '', name = ''] = target.split('/');
  const { identity = null, ...peer } = source;
  const base = { id: '', source: { ...peer, identity }, expect: { effect: 'deny' } } as const;
  if (layer === 'ztunnel') {
    const ip = inventory.workloads.get(`${namespace}/${name}`)?.address ?? '';
    return { ...base, gate: 'ztunnel', workload: `${namespace}/${name}`, destination: { ip, port } };
  }
  const gate = layer.startsWith('gateway') ? 'gateway' : 'waypoint';
  const asked = { ...base, gate, target: { kind, namespace, name, port } } as const;
  if (request === undefined) return { ...asked, protocol: 'tcp' };
  const { method = 'GET', path = '/', host = 'api.shop', headers = [], http = 1 } = request;
  return { ...asked, request: { method, path, host, headers, http } };
}
