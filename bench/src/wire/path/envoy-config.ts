import type { SocketAddress } from './bench-path.js';
import type { BenchCertificate } from './certificates.js';

/** A part of an Envoy configuration. */
type Part = Readonly<Record<string, unknown>>;

const type = (name: string): string => `type.googleapis.com/envoy.${name}`;
const at = ({ host, port }: SocketAddress): Part => ({ socket_address: { address: host, port_value: port } });
const principalKey = 'io.istio.peer_principal';

/** A whole configuration; every connection and request is logged to `log`, as our gates do. */
export function configuration(listeners: readonly Part[], clusters: readonly Part[]): Part {
  return {
    bootstrap_extensions: [
      {
        name: 'internal-listeners',
        typed_config: { '@type': type('extensions.bootstrap.internal_listener.v3.InternalListener') },
      },
    ],
    static_resources: { listeners, clusters },
  };
}

/** Takes plain connections and carries each in a tunnel of `cluster`, asking for `authority`. */
export function tunnelListener(name: string, address: Part, cluster: string, authority: string, log?: string): Part {
  const proxy = {
    '@type': type('extensions.filters.network.tcp_proxy.v3.TcpProxy'),
    stat_prefix: name,
    cluster,
    tunneling_config: { hostname: authority },
    ...accessLog(log),
  };
  return { name, ...address, filter_chains: [{ filters: [{ name: 'tcp', typed_config: proxy }] }] };
}

/** Where a listener of sockets is. */
export function onSocket(address: SocketAddress): Part {
  return { address: at(address) };
}

/** A listener that only other parts of the same process reach. */
export const insideProcess: Part = { internal_listener: {} };

/** How a listener that ends tunnels treats them. */
export interface TunnelEnd {
  readonly name: string;
  readonly listen: SocketAddress;
  readonly certificate: BenchCertificate;
  readonly cluster: string;
  /** Lets in this identity only; without it the identity is kept for the filters behind. */
  readonly admits?: string;
  readonly log?: string;
}

/** Ends HBONE tunnels: mutual TLS 1.3, CONNECT. */
export function tunnelEnd({ name, listen, certificate, cluster, admits, log }: TunnelEnd): Part {
  const route = { cluster, upgrade_configs: [{ upgrade_type: 'CONNECT', connect_config: {} }] };
  const filter =
    admits === undefined ? keepPrincipal() : rbac({ any: true }, { authenticated: { principal_name: { exact: admits } } });
  const manager = {
    '@type': type('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: name,
    codec_type: 'HTTP2',
    http2_protocol_options: { allow_connect: true },
    upgrade_configs: [{ upgrade_type: 'CONNECT' }],
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { connect_matcher: {} }, route }] }] },
    http_filters: [filter, router],
    ...accessLog(log),
  };
  const secure = {
    '@type': type('extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
    require_client_certificate: true,
    common_tls_context: tls(certificate),
  };
  const chain = { transport_socket: { name: 'tls', typed_config: secure }, filters: [{ name: 'http', typed_config: manager }] };
  return { name, address: at(listen), filter_chains: [chain] };
}

/** Judges requests inside the process: GET by this identity is allowed, on every path. */
export function requestListener(name: string, admits: string, cluster: string, log: string): Part {
  const get = { header: { name: ':method', string_match: { exact: 'GET' } } };
  const anywhere = { url_path: { path: { prefix: '/' } } };
  const manager = {
    '@type': type('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: name,
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster } }] }] },
    http_filters: [
      rbac({ and_rules: { rules: [get, anywhere] } }, { filter_state: { key: principalKey, string_match: { exact: admits } } }),
      router,
    ],
    ...accessLog(log),
  };
  return { name, ...insideProcess, filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }] };
}

/** Where connections go as they are. */
export function plainCluster(name: string, to: SocketAddress): Part {
  return cluster(name, { address: at(to) });
}

/** Where connections go inside the process. */
export function internalCluster(name: string, listener: string): Part {
  const raw = { name: 'raw', typed_config: { '@type': type('extensions.transport_sockets.raw_buffer.v3.RawBuffer') } };
  const transport = {
    '@type': type('extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport'),
    transport_socket: raw,
  };
  return {
    ...cluster(name, { address: { envoy_internal_address: { server_listener_name: listener } } }),
    transport_socket: { name: 'internal', typed_config: transport },
  };
}

/** Where tunnels go: HTTP/2 in mutual TLS 1.3, to a gate of identity `expects`. */
export function tunnelCluster(name: string, gate: SocketAddress, certificate: BenchCertificate, expects: string): Part {
  const secure = {
    '@type': type('extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
    common_tls_context: tls(certificate, expects),
  };
  return {
    ...cluster(name, { address: at(gate) }),
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': type('extensions.upstreams.http.v3.HttpProtocolOptions'),
        explicit_http_config: { http2_protocol_options: { allow_connect: true } },
      },
    },
    transport_socket: { name: 'tls', typed_config: secure },
  };
}

function cluster(name: string, endpoint: Part): Part {
  const thresholds = [{ max_connections: 100_000, max_requests: 100_000, max_pending_requests: 100_000 }];
  return {
    name,
    connect_timeout: '5s',
    circuit_breakers: { thresholds },
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
}

function tls({ key, chain, bundle }: BenchCertificate, expects?: string): Part {
  const names =
    expects === undefined ? {} : { match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: expects } }] };
  return {
    alpn_protocols: ['h2'],
    tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
    tls_certificates: [{ certificate_chain: { inline_string: chain }, private_key: { inline_string: key } }],
    validation_context: { trusted_ca: { inline_string: bundle }, ...names },
  };
}

function rbac(permission: Part, principal: Part): Part {
  const rules = { action: 'ALLOW', policies: { bench: { permissions: [permission], principals: [principal] } } };
  return { name: 'rbac', typed_config: { '@type': type('extensions.filters.http.rbac.v3.RBAC'), rules } };
}

function keepPrincipal(): Part {
  const state = {
    object_key: principalKey,
    factory_key: 'envoy.hashable_string',
    format_string: { text_format_source: { inline_string: '%DOWNSTREAM_PEER_URI_SAN%' } },
    shared_with_upstream: 'ONCE',
  };
  const config = { '@type': type('extensions.filters.http.set_filter_state.v3.Config'), on_request_headers: [state] };
  return { name: 'peer', typed_config: config };
}

const router: Part = { name: 'router', typed_config: { '@type': type('extensions.filters.http.router.v3.Router') } };

function accessLog(path: string | undefined): Part {
  if (path === undefined) return {};
  return {
    access_log: [{ name: 'file', typed_config: { '@type': type('extensions.access_loggers.file.v3.FileAccessLog'), path } }],
  };
}
