/** Where the requests of a mix get what varies from: the same seed gives the same requests on every machine. */
export interface Chance {
  /** A whole number from 0 to `below` - 1. */
  int(below: number): number;
  /** A word that a client chooses: one of a few, or one that never comes again. */
  word(): string;
  /** A number of 48 bits with the same property. */
  number(): number;
}

/** How much the values of requests recur. */
export type Traffic = 'recurring' | 'never-repeating';

const fewWords = 64;

/** A source of chance for one kind of traffic. */
export function chanceFor(traffic: Traffic, seed: number): Chance {
  const next = xorshift(seed);
  const int = (below: number): number => Math.floor((next() / 2 ** 32) * below);
  let turn = 0;
  const number = (): number => (traffic === 'recurring' ? scramble(int(fewWords)) : scramble(fewWords + turn++));
  return { int, number, word: () => `w${number().toString(36)}` };
}

/** One to one over 48 bits, so that neighbours share no prefix and no two are the same. */
function scramble(value: number): number {
  return Number((BigInt(value) * 0x9e3779b97f4a7c15n) & 0xffff_ffff_ffffn);
}

function xorshift(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
