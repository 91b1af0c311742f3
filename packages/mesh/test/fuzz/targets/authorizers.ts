import { create, toBinary } from '@bufbuild/protobuf';
import { applyReply } from '../../../../policy/src/decide/ext-authz/apply-reply.js';
import { decodeReply } from '../../../src/ext-authz/check-messages.js';
import { checkResponseSchema } from '../../../src/ext-authz/check-schema.js';
import { type FuzzTarget, holds } from '../fuzz-target.js';

const provider = {
  type: 'envoyExtAuthzGrpc',
  name: 'authorizer',
  service: 'authorizer.shop.svc.cluster.local',
  port: 9000,
  timeoutMs: 600,
  failOpen: false,
  statusOnError: 403,
  clearRouteCache: false,
} as const;

const request = {
  method: 'GET',
  path: '/cart?item=1&item=2',
  authority: 'cart.shop',
  headers: [
    ['x-user', 'eve'],
    ['host', 'cart.shop'],
  ],
  httpVersion: 1,
} as const;

const header = (key: string, value: string) => ({ header: { key, value }, append: { value: true } });
const answer = (fields: Record<string, unknown>): Buffer =>
  Buffer.from(toBinary(checkResponseSchema, create(checkResponseSchema, fields)));

const sendable = /^[\t\x20-\x7e\x80-\xff]*$/;
const token = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

export const authorizerAnswers: FuzzTarget = {
  name: 'authorizer-answers',
  words: ['\r\n', ':path', 'host', 'x-user', 'content-length', '\0', 'item', '&', '#', '\u{1f600}', '\xff'],
  seeds: () => [
    answer({
      status: { code: 0 },
      httpResponse: {
        case: 'okResponse',
        value: {
          headers: [header('x-user', 'bob')],
          headersToRemove: ['x-other'],
          responseHeadersToAdd: [header('x-seen', 'yes')],
          queryParametersToSet: [{ key: 'item', value: 'a b' }],
          queryParametersToRemove: ['other'],
        },
      },
    }),
    answer({
      status: { code: 7 },
      httpResponse: { case: 'deniedResponse', value: { status: { code: 401 }, headers: [header('x-why', 'no')], body: 'no' } },
    }),
    answer({ status: { code: 0 } }),
  ],
  run: (bytes) => {
    let reply: ReturnType<typeof decodeReply>;
    try {
      reply = decodeReply(bytes);
    } catch {
      // Whoever calls takes any error for no answer.
      return;
    }
    const applied = applyReply(provider, 'strict', reply, request);
    if (applied.effect === 'allow') {
      holds(applied.outcome === 'allowed' && reply.code === 0, 'nothing but a yes admits');
      holds(applied.request?.path.startsWith('/cart') === true, 'the path stays');
      holds(sendable.test(applied.request?.path ?? '') && !/[\s#]/.test(applied.request?.path ?? ''), 'a path can be sent');
      const hosts = applied.request?.headers.filter(([name]) => name === 'host').map(([, value]) => value);
      holds(hosts?.length === 1 && hosts[0] === 'cart.shop', 'the host stays');
    }
    const lines =
      applied.effect === 'deny'
        ? applied.response.headers
        : [...(applied.request?.headers ?? []), ...applied.responseHeaders.map(({ name, value }) => [name, value] as const)];
    for (const [name, value] of lines) holds(token.test(name) && sendable.test(value), 'a header can be sent');
  },
};
