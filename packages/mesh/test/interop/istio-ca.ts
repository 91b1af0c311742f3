import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, Server, ServerCredentials, type ServiceClientConstructor, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { TestAuthority } from '../support/test-authority.js';

type Unary = (
  call: { readonly request: { readonly csr: string } },
  callback: (error: { readonly code: status; readonly details: string } | null, value?: object) => void,
) => void;

/** A test's authority in the place of istiod's, over its protocol: signs for whoever asks the identity that is asked for. */
export class IstioCa {
  private constructor(
    readonly url: string,
    readonly stop: () => void,
  ) {}

  static async start(authority: TestAuthority, address: string): Promise<IstioCa> {
    const definition = loadSync(fileURLToPath(new URL('./istio-ca.proto', import.meta.url)), { keepCase: true, longs: Number });
    const loaded = loadPackageDefinition(definition) as unknown as {
      readonly istio: { readonly v1: { readonly auth: { readonly IstioCertificateService: ServiceClientConstructor } } };
    };
    const create: Unary = ({ request }, callback) => {
      authority.sign(request.csr).then(
        ({ chain, bundle }) => callback(null, { cert_chain: [chain, bundle] }),
        (error: Error) => callback({ code: status.INVALID_ARGUMENT, details: error.message }),
      );
    };
    const server = new Server();
    server.addService(loaded.istio.v1.auth.IstioCertificateService.service, { CreateCertificate: create });
    const own = await authority.issue('', { names: [{ type: 'ip', value: address }] });
    const credentials = ServerCredentials.createSsl(null, [
      { private_key: Buffer.from(own.key), cert_chain: Buffer.from(own.chain) },
    ]);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`${address}:0`, credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
    });
    return new IstioCa(`https://${address}:${port}`, () => server.forceShutdown());
  }
}
