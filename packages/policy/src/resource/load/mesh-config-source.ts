import type { DecodeContext } from '../decode/context.js';
import { Fields } from '../decode/fields.js';
import { decodeMeshConfig } from '../decode/mesh-config.js';
import { defaultMeshConfig, type MeshConfig } from '../model/istio.js';
import { describeNode, type Node, spanOf } from '../parse/node.js';
import { parseEmbedded } from '../parse/parse-documents.js';
import { validateMeshConfig } from '../validate/mesh-config.js';

const fileNames: ReadonlySet<string> = new Set(['meshconfig.yaml', 'meshconfig.yml', 'meshconfig.json']);

/** Whether a file holds MeshConfig itself. */
export function isMeshConfigFile(path: string): boolean {
  return fileNames.has(path.slice(path.lastIndexOf('/') + 1));
}

/** Reads MeshConfig from its own document; undefined where it has an error. */
export function readMeshConfig(node: Node, context: DecodeContext): MeshConfig | undefined {
  const before = context.reporter.errorCount;
  if (node.kind !== 'map') {
    context.reporter.report('wrong-type', spanOf(node), `MeshConfig is ${describeNode(node)}, not a mapping`, {
      hint: 'write fields, such as `trustDomain: cluster.local`',
    });
    return undefined;
  }
  const fields = new Fields(node, '', context, { nulls: 'absent' });
  const config = decodeMeshConfig(fields);
  validateMeshConfig(config, fields);
  return context.reporter.errorCount > before ? undefined : config;
}

/**
 * MeshConfig of the ConfigMap `istio`, key `mesh`, where that stands in the root namespace (the default one, or the one that it
 * names itself); undefined for every other ConfigMap.
 */
export function readMeshConfigMap(object: Fields, context: DecodeContext): MeshConfig | undefined {
  const metadata = object.fields('metadata');
  if (metadata?.string('name') !== 'istio') return undefined;
  const mesh = object.fields('data')?.value('mesh');
  if (mesh?.kind !== 'scalar' || typeof mesh.value !== 'string') return undefined;
  const namespace = metadata.string('namespace') || 'default';
  const [node, ...more] = parseEmbedded(mesh, context.reporter);
  for (const extra of more)
    context.reporter.report('mesh-config-duplicate', spanOf(extra), 'MeshConfig is one document, not several', {
      hint: 'remove the `---`',
    });
  const config = node === undefined ? { ...defaultMeshConfig, span: spanOf(mesh) } : readMeshConfig(node, context);
  const roots = [defaultMeshConfig.rootNamespace, config?.rootNamespace];
  return roots.includes(namespace) ? config : undefined;
}
