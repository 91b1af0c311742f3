/** Names that frame or route a message, end at the next hop, or by which gates and proxies tell each other whom they speak for. */
const reserved: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-client-cert',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-istio-attributes',
  'x-request-id',
]);

/**
 * Whether a header is none that a token may fill: its issuer would decide how the request is framed, where it goes or who is said to have sent
 * it. Many applications take `_` for `-`.
 */
export function isReservedOutput(name: string): boolean {
  const folded = name.toLowerCase().replaceAll('_', '-');
  return reserved.has(folded) || folded.startsWith('x-envoy-');
}
