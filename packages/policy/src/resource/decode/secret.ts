import type { Secret } from '../model/kubernetes.js';
import type { ResourceBase } from '../model/metadata.js';
import { decodeBase64 } from './base64.js';
import type { Fields } from './fields.js';

const tlsType = 'kubernetes.io/tls';

/** Decodes a Secret. Only certificate and key of `kubernetes.io/tls` are looked at; no message ever quotes a secret's value. */
export function decodeSecret(object: Fields, base: ResourceBase): Secret {
  const type = object.string('type') ?? 'Opaque';
  if (type !== tlsType) return { ...base, kind: 'Secret', type };
  const tlsCertificate = decodeEntry(object, 'tls.crt');
  const tlsKey = decodeEntry(object, 'tls.key');
  return {
    ...base,
    kind: 'Secret',
    type,
    ...(tlsCertificate === undefined ? {} : { tlsCertificate }),
    ...(tlsKey === undefined ? {} : { tlsKey }),
  };
}

/** `stringData` wins over `data`, as on the API server. */
function decodeEntry(object: Fields, name: string): string | undefined {
  const plain = object.fields('stringData')?.text(name);
  if (plain !== undefined) return plain.value;
  const data = object.fields('data');
  const encoded = data?.text(name);
  if (encoded === undefined) {
    return object.report('missing-field', object.span, `\`data\` of a ${tlsType} Secret has no \`${name}\``, {
      hint: `add \`${name}\`, in base64`,
    });
  }
  const decoded = decodeBase64(encoded.value);
  if (decoded !== undefined) return decoded;
  return object.report('bad-base64', encoded.span, `\`${name}\` is not base64`, {
    hint: 'encode the PEM text with `base64 -w0`, or write it under `stringData`',
  });
}
