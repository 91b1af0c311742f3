import type { Validity } from '../gate-protocol/messages.js';

/** A certificate that the mesh's authority issued. */
export interface SignedCertificate {
  readonly chain: string;
  readonly bundle: string;
  readonly validity: Validity;
}

interface Waiting {
  resolve(signed: SignedCertificate): void;
  reject(error: Error): void;
}

/** How long the authority may take. */
const signMs = 10_000;

/** Certificate requests of this process on their way to the supervisor, whose authority signs. */
export class SigningChannel {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** `send` sends a request; false where the supervisor is gone. */
  constructor(private readonly send: (id: number, identity: string, request: string) => boolean) {}

  /** Rejects where the supervisor refuses, is gone, or does not answer in time. */
  sign(identity: string, request: string): Promise<SignedCertificate> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.notSigned(id, 'the certificate authority did not answer in time'), signMs);
      this.#waiting.set(id, {
        resolve: (signed) => {
          clearTimeout(timer);
          resolve(signed);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      if (!this.send(id, identity, request)) this.notSigned(id, 'the supervisor is gone');
    });
  }

  /** The supervisor's answer to a request. */
  signed(id: number, { chain, bundle, validity }: SignedCertificate): void {
    this.#settle(id)?.resolve({ chain, bundle, validity });
  }

  /** The supervisor's refusal of a request. */
  notSigned(id: number, error: string): void {
    this.#settle(id)?.reject(new Error(error));
  }

  /** Fails every request that nobody will answer any more. */
  disconnected(): void {
    for (const id of [...this.#waiting.keys()]) this.notSigned(id, 'the supervisor is gone');
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
