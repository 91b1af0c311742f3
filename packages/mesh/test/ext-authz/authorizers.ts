import { fileURLToPath } from 'node:url';
import {
  loadPackageDefinition,
  type Metadata,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { TestMesh } from '../support/test-mesh.js';

/** A call as the authorizer read it. */
export interface ReceivedCheck {
  readonly attributes: {
    readonly source: { readonly address: { readonly socket_address: { readonly address: string } }; readonly principal: string };
    readonly destination: {
      readonly address: { readonly socket_address: { readonly address: string; readonly port_value: number } };
    };
    readonly request?: {
      readonly http: {
        readonly method: string;
        readonly path: string;
        readonly host: string;
        readonly headers: Readonly<Record<string, string>>;
        readonly body: string;
        readonly raw_body: Buffer;
      };
    } | null;
  };
}

/** What it answers: a message, an error of gRPC, or nothing ever. */
export type GrpcAnswer = object | { readonly code: status } | 'hang';

type Unary = (
  call: { readonly request: ReceivedCheck; readonly metadata: Metadata },
  callback: (error: { readonly code: status } | null, value?: object) => void,
) => void;

/** The real protocol, served by grpc-js from its own definition, as the application of a workload. */
export async function runGrpcAuthorizer(
  mesh: TestMesh,
  workloadKey: string,
  port: number,
  answer: (check: ReceivedCheck, metadata: Metadata) => GrpcAnswer,
): Promise<void> {
  const definition = loadSync(fileURLToPath(new URL('./authorization.proto', import.meta.url)), {
    keepCase: true,
    longs: Number,
  });
  const loaded = loadPackageDefinition(definition) as unknown as {
    readonly envoy: {
      readonly service: { readonly auth: { readonly v3: { readonly Authorization: ServiceClientConstructor } } };
    };
  };
  const { service } = loaded.envoy.service.auth.v3.Authorization;
  const check: Unary = ({ request, metadata }, callback) => {
    const answered = answer(request, metadata);
    if (answered === 'hang') return;
    if ('code' in answered) callback(answered);
    else callback(null, answered);
  };
  const server = new Server();
  server.addService(service, { Check: check });
  const address = mesh.addresses.fresh();
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`${address}:${port}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  mesh.addresses.runAt(workloadKey, address);
  mesh.onStop(() => server.forceShutdown());
}

/** The answer that allows, with what it changes. */
export function allowed(headers: Readonly<Record<string, string>> = {}, more: object = {}): object {
  return { status: { code: 0 }, ok_response: { headers: options(headers), ...more } };
}

/** The answer that denies. */
export function denied(code: number, headers: Readonly<Record<string, string>> = {}, body = ''): object {
  return { status: { code: status.PERMISSION_DENIED }, denied_response: { status: { code }, headers: options(headers), body } };
}

/** Headers as the protocol has them. */
export function options(headers: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(headers).map(([key, value]) => ({ header: { key, value } }));
}
