/** A stretch of the IPv4 space: `wide` is used where `bits` of it are crowded. */
interface AddressRange {
  readonly base: number;
  readonly bits: number;
  readonly wideBase: number;
  readonly wideBits: number;
}

const ranges = {
  /** 10.244.0.0/16, the usual range of pods; then 10.128.0.0/9. */
  workload: { base: 0x0af40000, bits: 16, wideBase: 0x0a800000, wideBits: 23 },
  /** 10.96.0.0/12, the usual range of cluster IPs; then 172.16.0.0/12. */
  service: { base: 0x0a600000, bits: 20, wideBase: 0xac100000, wideBits: 20 },
  /** 240.240.0.0/16, where Istio allocates addresses for ServiceEntries; then 241.0.0.0/8. */
  serviceEntry: { base: 0xf0f00000, bits: 16, wideBase: 0xf1000000, wideBits: 24 },
} as const satisfies Record<string, AddressRange>;

const crowdedAfter = 64;

/**
 * Gives every object without an address one that depends on its name only (design: "policy address"). Another object changes
 * it only where both names really lead to the same address; declared addresses are never given out.
 */
export class PolicyAddresses {
  readonly #taken = new Set<string>();

  /** Keeps an address that a manifest declares from being given out. Declare all before deriving any. */
  declare(address: string): void {
    this.#taken.add(address);
  }

  /** The address of the object with this key. Derive in the order of keys, so that the order of the input does not matter. */
  derive(kind: keyof typeof ranges, key: string): string {
    const range: AddressRange = ranges[kind];
    for (let attempt = 0; ; attempt++) {
      const address = candidate(range, `${kind}/${key}`, attempt);
      if (address === undefined || this.#taken.has(address)) continue;
      this.#taken.add(address);
      return address;
    }
  }
}

function candidate(range: AddressRange, key: string, attempt: number): string | undefined {
  const wide = attempt >= crowdedAfter;
  const bits = wide ? range.wideBits : range.bits;
  const number = ((wide ? range.wideBase : range.base) | (hash(`${key}#${attempt}`) & (2 ** bits - 1))) >>> 0;
  const host = number & 0xff;
  return host === 0 || host === 0xff ? undefined : formatIpv4(number);
}

function formatIpv4(number: number): string {
  return [number >>> 24, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff].join('.');
}

/** FNV-1a with the finaliser of MurmurHash3, so that the low bits are as good as the high ones. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
