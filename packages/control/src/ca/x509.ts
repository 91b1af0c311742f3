// The library resolves its algorithms through decorators, which need this polyfill before it loads.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

// WebCrypto by name rather than by a global that something else may have replaced.
x509.cryptoProvider.set(webcrypto);

/** The one kind of key that this project makes. */
export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
/** The one kind of signature that this project makes. */
export const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

export { webcrypto, x509 };
