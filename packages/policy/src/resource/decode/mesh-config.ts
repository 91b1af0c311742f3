import {
  defaultMeshConfig,
  type MeshConfig,
  type PathNormalization,
  type ServiceEntryVisibility,
  type ServiceEntryVisibilityConfig,
} from '../model/istio.js';
import { decodeExtensionProvider } from './extension-provider.js';
import type { Fields } from './fields.js';
import { decodeGatewayTopology } from './proxy-config.js';
import { decodeLabelSelector } from './selector.js';

const normalizations: readonly PathNormalization[] = ['DEFAULT', 'NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'];

/** Fields of MeshConfig that change no verdict. A field that is neither here nor read below is a misspelling. */
const unusedFields =
  'proxyListenPort proxyInboundListenPort proxyHttpPort connectTimeout protocolDetectionTimeout tcpKeepalive ingressClass ingressService ingressControllerMode ingressSelector enableTracing accessLogFile accessLogFormat accessLogEncoding enableEnvoyAccessLogService disableEnvoyListenerLog outboundTrafficPolicy inboundTrafficPolicy configSources enableAutoMtls caCertificates defaultServiceExportTo defaultVirtualServiceExportTo defaultDestinationRuleExportTo localityLbSetting zoneAwareLbSetting defaultTrafficPolicy dnsRefreshRate h2UpgradePolicy inboundClusterStatName outboundClusterStatName enablePrometheusMerge verifyCertificateAtClient ca defaultProviders discoverySelectors defaultHttpRetryPolicy meshMTLS tlsDefaults serviceSettings serviceScopeConfigs certificates thriftConfig hboneIdleTimeout'.split(
    ' ',
  );

/** Decodes MeshConfig: the part of it that changes a verdict. */
export function decodeMeshConfig(fields: Fields): MeshConfig {
  const serviceEntryVisibility = decodeVisibility(fields.fields('serviceEntryVisibility'));
  const decoded: MeshConfig = {
    trustDomain: fields.string('trustDomain') || defaultMeshConfig.trustDomain,
    trustDomainAliases: fields.strings('trustDomainAliases'),
    rootNamespace: fields.string('rootNamespace') || defaultMeshConfig.rootNamespace,
    pathNormalization: decodeNormalization(fields.fields('pathNormalization')),
    extensionProviders: fields.fieldsList('extensionProviders').map(decodeExtensionProvider),
    gatewayTopology: decodeGatewayTopology(fields.fields('defaultConfig')) ?? defaultMeshConfig.gatewayTopology,
    ...(serviceEntryVisibility === undefined ? {} : { serviceEntryVisibility }),
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

const visibilities = ['VISIBILITY_UNSPECIFIED', 'PUBLIC', 'NAMESPACE', 'NONE'] as const;

function decodeVisibility(fields: Fields | undefined): ServiceEntryVisibilityConfig | undefined {
  if (fields === undefined) return undefined;
  const decoded: ServiceEntryVisibilityConfig = {
    defaultVisibility: visibilityOf(fields, 'defaultVisibility'),
    policies: fields.fieldsList('policies').map((policy) => {
      const visibility = visibilityOf(policy, 'visibility');
      const matchingRules = policy.fieldsList('matchingRules').map(decodeVisibilityRule);
      policy.refuseUnknown();
      return { visibility, matchingRules };
    }),
  };
  fields.ignore('applyToSidecars');
  fields.refuseUnknown();
  return decoded;
}

function decodeVisibilityRule(rule: Fields): ServiceEntryVisibilityConfig['policies'][number]['matchingRules'][number] {
  const namespaceSelector = decodeLabelSelector(rule, 'namespaceSelector');
  rule.refuseUnknown();
  return namespaceSelector === undefined ? {} : { namespaceSelector };
}

function visibilityOf(fields: Fields, name: string): ServiceEntryVisibility {
  const written = fields.oneOf(name, visibilities) ?? 'PUBLIC';
  return written === 'VISIBILITY_UNSPECIFIED' ? 'PUBLIC' : written;
}
