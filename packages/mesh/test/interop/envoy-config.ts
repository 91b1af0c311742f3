import type { Credentials } from '../../src/gate.js';

const type = (name: string) => `type.googleapis.com/envoy.${name}`;

interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

const at = ({ address, port }: SocketAddress) => ({ socket_address: { address, port_value: port } });

const tls = (credentials: Credentials, peer?: string) => ({
  alpn_protocols: ['h2'],
  tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
  tls_certificates: [
    { certificate_chain: { inline_string: credentials.chain }, private_key: { inline_string: credentials.key } },
  ],
  validation_context: {
    trusted_ca: { inline_string: credentials.bundle },
    ...(peer === undefined ? {} : { match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: peer } }] }),
  },
});

const cluster = (name: string, to: SocketAddress, more: object = {}) => ({
  name,
  connect_timeout: '5s',
  load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: at(to) } }] }] },
  ...more,
});

/** A tunnel of Envoy's as a client: what connects to `listen` is carried by HBONE to `gate`, for `authority`. */
export interface ClientTunnel {
  readonly name: string;
  readonly listen: SocketAddress;
  /** The address that the connection to the gate comes from. */
  readonly from: string;
  readonly gate: SocketAddress;
  readonly authority: string;
  readonly credentials: Credentials;
  /** The identity that the gate must have. */
  readonly peer: string;
}

/** An Envoy that opens tunnels. */
export function clientConfig(tunnels: readonly ClientTunnel[]): object {
  return {
    static_resources: {
      listeners: tunnels.map(({ name, listen, authority }) => ({
        name,
        address: at(listen),
        filter_chains: [
          {
            filters: [
              {
                name: 'tcp',
                typed_config: {
                  '@type': type('extensions.filters.network.tcp_proxy.v3.TcpProxy'),
                  stat_prefix: name,
                  cluster: name,
                  tunneling_config: { hostname: authority },
                },
              },
            ],
          },
        ],
      })),
      clusters: tunnels.map(({ name, gate, from, credentials, peer }) =>
        cluster(name, gate, {
          upstream_bind_config: { source_address: { address: from, port_value: 0 } },
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': type('extensions.upstreams.http.v3.HttpProtocolOptions'),
              explicit_http_config: { http2_protocol_options: { allow_connect: true } },
            },
          },
          transport_socket: {
            name: 'tls',
            typed_config: {
              '@type': type('extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
              common_tls_context: tls(credentials, peer),
            },
          },
        }),
      ),
    },
  };
}

/** An Envoy that ends tunnels at `listen` for a client of identity `admits`, and carries them to `application`. */
export function serverConfig(
  listen: SocketAddress,
  application: SocketAddress,
  credentials: Credentials,
  admits: string,
): object {
  const route = { cluster: 'application', upgrade_configs: [{ upgrade_type: 'CONNECT', connect_config: {} }] };
  const rbac = {
    '@type': type('extensions.filters.http.rbac.v3.RBAC'),
    rules: {
      action: 'ALLOW',
      policies: { p: { permissions: [{ any: true }], principals: [{ authenticated: { principal_name: { exact: admits } } }] } },
    },
  };
  const manager = {
    '@type': type('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'in',
    codec_type: 'HTTP2',
    http2_protocol_options: { allow_connect: true },
    upgrade_configs: [{ upgrade_type: 'CONNECT' }],
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { connect_matcher: {} }, route }] }] },
    http_filters: [
      { name: 'envoy.filters.http.rbac', typed_config: rbac },
      { name: 'envoy.filters.http.router', typed_config: { '@type': type('extensions.filters.http.router.v3.Router') } },
    ],
  };
  const secure = {
    name: 'tls',
    typed_config: {
      '@type': type('extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
      require_client_certificate: true,
      common_tls_context: tls(credentials),
    },
  };
  return {
    static_resources: {
      listeners: [
        {
          name: 'inbound',
          address: at(listen),
          filter_chains: [{ transport_socket: secure, filters: [{ name: 'hcm', typed_config: manager }] }],
        },
      ],
      clusters: [cluster('application', application)],
    },
  };
}
