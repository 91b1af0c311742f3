const text = { type: 'string' } as const;
const answer = { type: ['string', 'integer'] } as const;

const request = {
  type: 'object',
  required: ['method', 'path', 'host', 'headers'],
  properties: {
    method: text,
    path: text,
    host: text,
    headers: { type: 'array', items: { type: 'array', items: text, minItems: 2, maxItems: 2 } },
    http: { type: 'integer' },
  },
} as const;

const shadow = {
  type: 'object',
  required: ['result', 'policy'],
  properties: { result: { enum: ['allowed', 'denied'] }, policy: { type: ['string', 'null'] } },
} as const;

const query = {
  type: 'object',
  required: ['id', 'gate', 'source', 'expect'],
  properties: {
    id: text,
    gate: { enum: ['ztunnel', 'waypoint', 'gateway', 'sidecar-http', 'sidecar-tcp'] },
    protocol: { const: 'tcp' },
    workload: text,
    source: { type: 'object', required: ['identity', 'ip'], properties: { identity: { type: ['string', 'null'] }, ip: text } },
    destination: { type: 'object', required: ['ip', 'port'], properties: { ip: text, port: { type: 'integer' } } },
    target: {
      type: 'object',
      required: ['kind', 'namespace', 'name', 'port'],
      properties: { kind: text, namespace: text, name: text, port: { type: 'integer' } },
    },
    request,
    expect: {
      type: 'object',
      required: ['effect'],
      properties: {
        effect: { enum: ['allow', 'deny'] },
        status: { type: 'integer' },
        policy: { type: ['string', 'null'] },
        dryRun: { type: 'object', properties: { allow: shadow, deny: shadow } },
      },
    },
  },
  anyOf: [
    { ...gateIs('ztunnel'), required: ['workload', 'destination'] },
    { ...gateIs('waypoint', 'gateway'), required: ['target', 'request'] },
    { ...gateIs('waypoint', 'gateway'), required: ['target', 'protocol'] },
    { ...gateIs('sidecar-http'), required: ['destination', 'dynamicMetadata', 'request'] },
    { ...gateIs('sidecar-tcp'), required: ['destination', 'dynamicMetadata'] },
  ],
};

function gateIs(...gates: readonly string[]): { readonly properties: object } {
  return { properties: { gate: { enum: gates } } };
}

/** The shape of each recorded thing, as far as it is used; a file that has another one is not read. */
export const recordedSchemas = {
  case: {
    type: 'object',
    required: ['id', 'manifests', 'queries'],
    properties: {
      id: text,
      manifests: text,
      meshConfig: { type: 'object' },
      flags: { type: 'object' },
      tokens: { type: 'object', additionalProperties: text },
      queries: { type: 'array', items: query },
    },
  },
  manifest: {
    type: 'object',
    required: ['manifest', 'accepted'],
    properties: {
      manifest: text,
      accepted: { type: ['boolean', 'null'] },
      errors: text,
      crdErrors: text,
      stage: { enum: ['decode', 'validate'] },
      error: text,
      loadError: text,
    },
  },
  refusal: {
    type: 'object',
    required: ['manifests', 'gate', 'destination', 'error'],
    properties: {
      manifests: text,
      meshConfig: { type: ['object', 'null'] },
      gate: { enum: ['sidecar-http', 'sidecar-tcp'] },
      destination: { type: 'object', required: ['host', 'namespace', 'labels', 'serviceAccount'] },
      error: text,
    },
  },
  path: {
    type: 'object',
    required: ['path', 'DEFAULT', 'NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'],
    properties: {
      path: text,
      DEFAULT: answer,
      NONE: answer,
      BASE: answer,
      MERGE_SLASHES: answer,
      DECODE_AND_MERGE_SLASHES: answer,
    },
  },
};
