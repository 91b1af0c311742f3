import { defaultMeshConfig, type MeshConfig, type PathNormalization } from '../model/istio.js';
import { decodeExtensionProvider } from './extension-provider.js';
import type { Fields } from './fields.js';

const normalizations: readonly PathNormalization[] = ['DEFAULT', 'NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'];

/** Fields of MeshConfig that change no verdict. A field that is neither here nor read below is a misspelling. */
const unusedFields =
  'proxyListenPort proxyInboundListenPort proxyHttpPort connectTimeout protocolDetectionTimeout tcpKeepalive ingressClass ingressService ingressControllerMode ingressSelector enableTracing accessLogFile accessLogFormat accessLogEncoding enableEnvoyAccessLogService disableEnvoyListenerLog outboundTrafficPolicy inboundTrafficPolicy configSources enableAutoMtls caCertificates defaultServiceExportTo defaultVirtualServiceExportTo defaultDestinationRuleExportTo localityLbSetting zoneAwareLbSetting defaultTrafficPolicy serviceEntryVisibility dnsRefreshRate h2UpgradePolicy inboundClusterStatName outboundClusterStatName enablePrometheusMerge verifyCertificateAtClient ca defaultProviders discoverySelectors defaultHttpRetryPolicy meshMTLS tlsDefaults serviceSettings serviceScopeConfigs certificates thriftConfig hboneIdleTimeout'.split(
    ' ',
  );

/** Decodes MeshConfig: the part of it that changes a verdict. */
export function decodeMeshConfig(fields: Fields): MeshConfig {
  const decoded: MeshConfig = {
    trustDomain: fields.string('trustDomain') || defaultMeshConfig.trustDomain,
    trustDomainAliases: fields.strings('trustDomainAliases'),
    rootNamespace: fields.string('rootNamespace') || defaultMeshConfig.rootNamespace,
    pathNormalization: decodeNormalization(fields.fields('pathNormalization')),
    extensionProviders: fields.fieldsList('extensionProviders').map(decodeExtensionProvider),
    numTrustedProxies: decodeTrustedProxies(fields.fields('defaultConfig')),
    span: fields.span,
  };
  fields.ignore(...unusedFields);
  fields.refuseUnknown();
  return decoded;
}

function decodeNormalization(fields: Fields | undefined): PathNormalization {
  const mode = fields?.oneOf('normalization', normalizations) ?? defaultMeshConfig.pathNormalization;
  fields?.refuseUnknown();
  return mode;
}

function decodeTrustedProxies(config: Fields | undefined): number {
  return config?.fields('gatewayTopology')?.integer('numTrustedProxies', 0, 0xffff_ffff) ?? defaultMeshConfig.numTrustedProxies;
}
