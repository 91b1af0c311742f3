import { type GatewayTopology, noGatewayTopology } from '../model/istio.js';
import { spanOf } from '../parse/node.js';
import { parseEmbedded } from '../parse/parse-documents.js';
import { Fields } from './fields.js';

/** The annotation that holds a pod's own ProxyConfig, over the `defaultConfig` of MeshConfig. */
const proxyConfigAnnotation = 'proxy.istio.io/config';

/**
 * What stands between a gateway and its clients, by a ProxyConfig (reference section 0.12); undefined where it says nothing of it. Of a
 * ProxyConfig nothing else changes a verdict.
 */
export function decodeGatewayTopology(config: Fields | undefined): GatewayTopology | undefined {
  const topology = config?.fields('gatewayTopology');
  if (topology === undefined) return undefined;
  const decoded = {
    numTrustedProxies: topology.integer('numTrustedProxies', 0, 0xffff_ffff) ?? noGatewayTopology.numTrustedProxies,
    proxyProtocol: topology.fields('proxyProtocol') !== undefined,
  };
  topology.ignore('forwardClientCertDetails');
  topology.refuseUnknown();
  return decoded;
}

/**
 * The same by the annotation `proxy.istio.io/config` of a pod, among `annotations`. It replaces MeshConfig's as a whole, as the reader of
 * protocol buffers does with a message inside another.
 */
export function decodeAnnotatedTopology(annotations: Fields | undefined): GatewayTopology | undefined {
  const written = annotations?.value(proxyConfigAnnotation);
  if (annotations === undefined || written?.kind !== 'scalar' || typeof written.value !== 'string') return undefined;
  const [node] = parseEmbedded(written, annotations.context.reporter);
  if (node === undefined) return undefined;
  if (node.kind !== 'map') {
    return annotations.report('wrong-type', spanOf(node), `annotation \`${proxyConfigAnnotation}\` is not a mapping`, {
      hint: 'write fields of ProxyConfig, such as `gatewayTopology: {proxyProtocol: {}}`',
    });
  }
  return decodeGatewayTopology(new Fields(node, proxyConfigAnnotation, annotations.context, { nulls: 'absent' }));
}
