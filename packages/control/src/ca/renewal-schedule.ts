/**
 * When to renew a certificate: at half of its life, moved by up to a tenth either way so that a mesh does not renew all at once.
 * `random` is in [0, 1).
 */
export function renewalTime(validity: { readonly notBefore: Date; readonly notAfter: Date }, random: number): Date {
  const start = validity.notBefore.getTime();
  const life = validity.notAfter.getTime() - start;
  return new Date(start + life * (0.4 + 0.2 * random));
}

/** How long to wait after the nth failed attempt (from 0): doubling from one second, at most a minute, and never the same for all. */
export function retryDelay(attempt: number, random: number): number {
  return Math.min(60_000, 1000 * 2 ** attempt) * (0.5 + 0.5 * random);
}
