import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { type GatewayInfo, type Inventory, isGranted, type Listener } from '@sallyport/policy';
import { listenerFor } from './listener-host.js';

/**
 * What a gateway takes of its clients' TLS. TLS 1.2 could begin anew within a connection, which costs the gate far more than the client,
 * and has no use here.
 */
export const clientTlsOptions = { minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION } as const;

/** What one HTTPS listener shows. */
export interface ServerCertificate {
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
}

/** The certificates of a gateway's HTTPS listeners, made from the Secrets that they name. */
export class ServerCertificates {
  readonly #certificates = new Map<string, ServerCertificate>();

  constructor(inventory: Inventory, gateway: GatewayInfo) {
    for (const listener of gateway.resource.listeners) {
      const certificate = certificateOf(inventory, gateway, listener);
      if (certificate !== undefined) {
        this.#certificates.set(listener.name, certificate);
      }
    }
  }

  /**
   * The certificate for a server name (`''` where the client sent none) among the listeners of a port; undefined where none covers the name, or
   * its Secret is missing or unusable: the handshake then fails, rather than end with another listener's certificate.
   */
  certificateFor(listeners: readonly Listener[], serverName: string): ServerCertificate | undefined {
    const listener = listenerFor(listeners, serverName);
    return listener === undefined ? undefined : this.#certificates.get(listener.name);
  }
}

function certificateOf(inventory: Inventory, gateway: GatewayInfo, listener: Listener): ServerCertificate | undefined {
  const secrets = (listener.tls?.certificateRefs ?? []).map(({ namespace, name }) =>
    isGranted(inventory.referenceGrants, gateway.resource, { group: '', kind: 'Secret', namespace, name })
      ? inventory.secrets.get(`${namespace}/${name}`)
      : undefined,
  );
  const options = { ...clientTlsOptions, cert: [] as string[], key: [] as string[] } as const;
  for (const secret of secrets) {
    if (secret?.tlsCertificate === undefined || secret.tlsKey === undefined) {
      return undefined;
    }
    options.cert.push(secret.tlsCertificate);
    options.key.push(secret.tlsKey);
  }
  try {
    return options.cert.length === 0 ? undefined : { options, context: createSecureContext(options) };
  } catch {
    // A key that does not belong to its certificate, or no PEM at all: this listener has no certificate.
    return undefined;
  }
}
