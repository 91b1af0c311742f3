import { buildInventory, type Dialect, type Inventory, loadResources, sortDiagnostics } from '@sallyport/policy';
import { type Asked, askGate } from './ask-gate.js';
import type { CaseQuery } from './case.js';
import { type CaseAnswer, type CaseEngine, type CaseMesh, MeshRefused } from './engine.js';

/** The interpreter of `@sallyport/policy`. */
export const interpreter: CaseEngine = {
  load(mesh, name) {
    const inventory = inventoryOf(mesh, { name, flags: mesh.flags });
    return { answer: (query) => answerOf(askGate(inventory, query), query) };
  },
};

/** The inventory of a mesh that is written as data; throws a `MeshRefused` that names the first defect. */
export function inventoryOf({ manifests, meshConfig }: Omit<CaseMesh, 'flags'>, dialect: Dialect): Inventory {
  const text = manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n');
  const config = { path: 'meshconfig.json', text: JSON.stringify(meshConfig) };
  const { set, diagnostics } = loadResources([{ path: 'case.yaml', text }, config], dialect);
  const wrong = sortDiagnostics(diagnostics).filter(({ kind, severity }) => kind === 'invalid' && severity === 'error');
  const [first] = wrong;
  if (first === undefined) return buildInventory(set, dialect).inventory;
  throw new MeshRefused(
    `${first.code}: ${first.message}`,
    wrong.map(({ code }) => code),
  );
}

function answerOf({ binding, verdict, path, asked, headers }: Asked, query: Omit<CaseQuery, 'expect'>): CaseAnswer {
  const { effect, reason, policy, status, response, detail, dryRun } = verdict;
  return {
    effect,
    reason,
    policy: policy === undefined ? null : [policy.namespace, policy.name].filter((part) => part !== '').join('/'),
    ...(policy?.rule === undefined ? {} : { rule: policy.rule }),
    ...(effect === 'deny' && query.request !== undefined ? { status: response?.status ?? status ?? 403 } : {}),
    ...(path === undefined ? {} : { path }),
    audit: verdict.audit.map((each) => `${each.namespace}/${each.name}`),
    ...(dryRun === undefined ? {} : { dryRun: dryRun.effect }),
    asked,
    received: receivedHeaders(effect === 'allow' ? headers : []),
    ...(detail === undefined ? {} : { detail }),
    enforced: binding.policies.map(({ policy: { kind, metadata } }) => `${kind}/${metadata.namespace}/${metadata.name}`),
  };
}

/** By lower-case name, repeats joined. */
function receivedHeaders(headers: Asked['headers']): CaseAnswer['received'] {
  const received: Record<string, string> = Object.create(null);
  for (const [name, value] of headers) {
    const known = received[name.toLowerCase()];
    received[name.toLowerCase()] = known === undefined ? value : `${known},${value}`;
  }
  return received;
}
