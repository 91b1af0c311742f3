import type { IpAddress } from '../../reference/ip-range.js';

/** An address as words of 32 bits, one of IPv4 as the first of them: what is compared on the path of traffic, where large numbers cost more than the rest. */
export class WordAddress implements IpAddress {
  constructor(
    readonly bits: IpAddress['bits'],
    readonly first: number,
    readonly second = 0,
    readonly third = 0,
    readonly fourth = 0,
  ) {}

  /** The same as an address that is a number. */
  static from({ bits, value }: IpAddress): WordAddress {
    const word = (from: number) => Number((value >> BigInt(from)) & 0xffffffffn);
    return bits === 32 ? new WordAddress(bits, Number(value)) : new WordAddress(bits, word(96), word(64), word(32), word(0));
  }

  get value(): bigint {
    if (this.bits === 32) return BigInt(this.first);
    return [this.first, this.second, this.third, this.fourth].reduce((value, word) => (value << 32n) | BigInt(word), 0n);
  }
}
