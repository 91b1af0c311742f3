import type { Fields } from '../decode/fields.js';
import type { Resource } from '../model/index.js';
import type { ResourceBase } from '../model/metadata.js';

/**
 * One kind that is read: where it lives, which versions of it, and how. Whatever is wrong is reported, never thrown; an object
 * counts only if nothing about it was reported as an error. Until then what `read` returns may hold defaults.
 */
export interface Kind {
  readonly group: string;
  readonly name: string;
  readonly versions: readonly string[];
  readonly scope: 'namespaced' | 'cluster';
  /**
   * Whose kind it is: Istio's schemas refuse null and unknown fields, the readers of the others ignore both. Istio's older generation does the
   * one in `strict` and the other in `upstream`.
   */
  readonly owner: 'istio' | 'istio-v1alpha1' | 'gateway-api' | 'kubernetes';
  read(object: Fields, base: ResourceBase): Resource;
}

/** A kind with its decoder and its validation, which sees the decoded object and what was written. */
export interface KindDefinition<Decoded extends Resource> extends Omit<Kind, 'read'> {
  readonly decode: (object: Fields, base: ResourceBase) => Decoded;
  readonly validate?: (decoded: Decoded, object: Fields) => void;
}

/** Ties decoder and validation of a kind together. */
export function defineKind<Decoded extends Resource>(definition: KindDefinition<Decoded>): Kind {
  const { decode, validate, ...identity } = definition;
  return {
    ...identity,
    read: (object, base) => {
      const decoded = decode(object, base);
      validate?.(decoded, object);
      return decoded;
    },
  };
}
