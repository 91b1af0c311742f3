import fc from 'fast-check';
import type { CaseQuery, Manifest } from '../cases/case.js';
import type { CaseMesh } from '../cases/engine.js';
import { arbitraryPolicy } from './arbitrary-policy.js';
import { arbitraryQuery } from './arbitrary-query.js';
import { arbitraryRoles } from './arbitrary-roles.js';
import { meshObjects } from './mesh-objects.js';

/** A question to a generated mesh. */
type GeneratedQuery = Omit<CaseQuery, 'expect'>;

/** A mesh with policies, and questions to its gates. */
export interface World extends CaseMesh {
  readonly queries: readonly GeneratedQuery[];
}

/** Which generations of policy a world has. */
export type Generation = 'policies' | 'roles';

/**
 * Meshes with policies at every kind of gate, and connections and requests near what the policies say, so that about half of them
 * are allowed. Roles of the older generation stand in a mesh that has no policies beside targets of waypoints. `asked` is how many questions each world is asked.
 */
export function arbitraryWorld(generation: Generation = 'policies', asked = 4): fc.Arbitrary<World> {
  const policies =
    generation === 'roles'
      ? arbitraryRoles
      : fc
          .integer({ min: 2, max: 6 })
          .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => arbitraryPolicy(`p-${index}`))));
  return fc
    .tuple(policies, arbitraryMeshConfig, arbitraryPeerAuthentication)
    .chain(([manifests, meshConfig, authentication]) =>
      fc
        .array(arbitraryQuery(manifests), { minLength: asked, maxLength: asked })
        .map((queries) => ({ manifests: [...meshObjects, ...authentication, ...manifests], meshConfig, flags: {}, queries })),
    );
}

const arbitraryMeshConfig: fc.Arbitrary<CaseMesh['meshConfig']> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.constant({ trustDomainAliases: ['partner.example'] }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('NONE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES')
      .map((normalization) => ({ pathNormalization: { normalization } })),
  },
);

const arbitraryPeerAuthentication: fc.Arbitrary<readonly Manifest[]> = fc.oneof(
  { weight: 6, arbitrary: fc.constant([]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('STRICT', 'PERMISSIVE').map((mode) => [
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'PeerAuthentication',
        metadata: { name: 'default', namespace: 'shop' },
        spec: { mtls: { mode } },
      },
    ]),
  },
);
