import type { Reporter } from '../../diagnostic/reporter.js';
import type { Span } from '../../diagnostic/span.js';
import type { Resource, ResourceSet } from '../model/index.js';
import { defaultMeshConfig, type MeshConfig } from '../model/istio.js';

/** Gathers what the files of a folder hold, and refuses what they say twice. */
export class ResourceCollector {
  readonly #resources: Resource[] = [];
  readonly #places = new Map<string, Span>();
  readonly #skipped = new Map<string, number>();
  #meshConfig: MeshConfig | undefined;

  constructor(private readonly reporter: Reporter) {}

  addResource(resource: Resource): void {
    const key = keyOf(resource);
    const earlier = this.#places.get(key);
    if (earlier === undefined) {
      this.#places.set(key, resource.metadata.nameSpan);
      this.#resources.push(resource);
      return;
    }
    const { name, namespace } = resource.metadata;
    const place = namespace === '' ? '' : ` in namespace \`${namespace}\``;
    this.reporter.report(
      'duplicate-object',
      resource.metadata.nameSpan,
      `${kindOf(resource)} \`${name}\`${place} is declared twice`,
      {
        hint: 'keep one of the two, or rename one',
        related: [{ message: 'first declared here', span: earlier }],
      },
    );
  }

  addMeshConfig(config: MeshConfig): void {
    if (this.#meshConfig === undefined) {
      this.#meshConfig = config;
      return;
    }
    const related = this.#meshConfig.span === undefined ? [] : [{ message: 'first declared here', span: this.#meshConfig.span }];
    if (config.span === undefined) return;
    this.reporter.report('mesh-config-duplicate', config.span, 'MeshConfig is declared twice', {
      hint: 'keep one of the two',
      related,
    });
  }

  skip(kind: string): void {
    this.#skipped.set(kind, (this.#skipped.get(kind) ?? 0) + 1);
  }

  finish(): ResourceSet {
    const skippedKinds = Object.fromEntries([...this.#skipped].sort(([a], [b]) => (a < b ? -1 : 1)));
    return { resources: this.#resources, meshConfig: this.#meshConfig ?? defaultMeshConfig, skippedKinds };
  }
}

/** Group and kind, without version: one object served in two versions is the same object. */
function keyOf(resource: Resource): string {
  const slash = resource.apiVersion.indexOf('/');
  const group = slash === -1 ? '' : resource.apiVersion.slice(0, slash);
  return `${group}/${kindOf(resource)}/${resource.metadata.namespace}/${resource.metadata.name}`;
}

function kindOf(resource: Resource): string {
  return resource.kind === 'Unmodelled' ? resource.writtenKind : resource.kind;
}
