import type { Manifest } from '../cases/case.js';
import type { World } from './arbitrary-world.js';

const providers = [
  { name: 'grpc', envoyExtAuthzGrpc: { service: 'api.shop.svc.cluster.local', port: 80 } },
  { name: 'http', envoyExtAuthzHttp: { service: 'api.shop.svc.cluster.local', port: 80 } },
];

/** What a CUSTOM policy may not be, or look at: identities and tokens. */
const isUnfit = /dry-run|principals"|namespaces"|serviceAccounts"|trustDomains"|source\.[npst][a-zA-Z]+"|request\.auth/i;

/** The same world with every so-manieth policy that may do so asking an authorizer: one of two that exist, or one that does not. */
export function withCustom(world: World, every: number): World {
  let policies = 0;
  const manifests = world.manifests.map((manifest): Manifest => {
    if (manifest.kind !== 'AuthorizationPolicy' || isUnfit.test(JSON.stringify(manifest))) return manifest;
    policies += 1;
    if (policies % every !== 0) return manifest;
    const name = ['grpc', 'http', 'unknown'][Math.floor(policies / every) % 3];
    return { ...manifest, spec: { ...(manifest.spec as object), action: 'CUSTOM', provider: { name } } };
  });
  return { ...world, manifests, meshConfig: { ...world.meshConfig, extensionProviders: providers } };
}
