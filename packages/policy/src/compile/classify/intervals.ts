import type { IpAddress, IpRange } from '../../reference/ip-range.js';
import type { Hits } from './scanner.js';
import { WordAddress } from './word-address.js';

/** Words of an address in the one order of both families: the family, then 32 bits each, the rest zero. */
const width = 5;

/**
 * Address ranges as sorted intervals, IPv4 before IPv6. Ranges nest or are apart, so that the innermost one of an address has all
 * the others that hold it above itself. Found by halving: the cost is that of comparing 20 bytes some twenty times, and nothing is kept.
 */
export class Intervals {
  readonly #ranges = new Map<string, Range>();
  /** First address of each interval, `width` words each, ascending. */
  #starts = new Uint32Array(0);
  /** The innermost range of each interval, 0 for none. */
  #innermost: number[] = [];
  #above: number[] = [0];
  #questions: (readonly number[])[] = [[]];
  readonly #address = new Uint32Array(width);

  add(range: IpRange, question: number): void {
    const first = new Uint32Array(width);
    writeFirst(range, first);
    const key = `${first.join()}/${range.length}`;
    const known = this.#ranges.get(key) ?? { first, length: range.length, questions: [] };
    known.questions.push(question);
    this.#ranges.set(key, known);
  }

  /** To be called once, after the last range. */
  finish(): void {
    const ranges = [...this.#ranges.values()].sort((a, b) => compare(a.first, 0, b.first, 0) || a.length - b.length);
    const starts: Uint32Array[] = [];
    const open: { readonly id: number; readonly end: Uint32Array | undefined }[] = [];
    const begin = (start: Uint32Array, innermost: number) => {
      const latest = starts.at(-1);
      if (latest !== undefined && compare(latest, 0, start, 0) === 0) this.#innermost[starts.length - 1] = innermost;
      else {
        starts.push(start);
        this.#innermost.push(innermost);
      }
    };
    const close = () => {
      const closed = open.pop();
      if (closed?.end !== undefined) begin(closed.end, open.at(-1)?.id ?? 0);
    };
    for (const { first, length, questions } of ranges) {
      for (let top = open.at(-1); top?.end !== undefined && compare(top.end, 0, first, 0) <= 0; top = open.at(-1)) close();
      const id = this.#questions.push(questions) - 1;
      this.#above.push(open.at(-1)?.id ?? 0);
      open.push({ id, end: endOf(first, length) });
      begin(first, id);
    }
    while (open.length > 0) close();
    this.#starts = new Uint32Array(starts.length * width);
    for (const [index, start] of starts.entries()) this.#starts.set(start, index * width);
    this.#ranges.clear();
  }

  scan(address: IpAddress): number {
    writeAddress(address, this.#address);
    let low = 0;
    let high = this.#innermost.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.#starts, middle * width, this.#address, 0) <= 0) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (this.#innermost[low - 1] ?? 0);
  }

  report(id: number, hits: Hits): void {
    for (let range = id; range !== 0; range = this.#above[range] ?? 0) {
      for (const question of this.#questions[range] ?? []) hits.hit(question);
    }
  }
}

interface Range {
  readonly first: Uint32Array;
  readonly length: number;
  readonly questions: number[];
}

const ipv4 = 4;
const ipv6 = 6;

function writeAddress(address: IpAddress, into: Uint32Array): void {
  const { bits, first, second, third, fourth } = address instanceof WordAddress ? address : WordAddress.from(address);
  into[0] = bits === 32 ? ipv4 : ipv6;
  into[1] = first;
  into[2] = second;
  into[3] = third;
  into[4] = fourth;
}

function writeFirst({ address, length }: IpRange, into: Uint32Array): void {
  writeAddress(address, into);
  for (let word = 1; word < width; word++) into[word] = (into[word] ?? 0) & maskOf(length - 32 * (word - 1));
}

/** The first so many bits of a word. */
function maskOf(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits);
}

/** The first address behind a range; undefined behind the last of all. */
function endOf(first: Uint32Array, length: number): Uint32Array | undefined {
  const end = first.slice();
  // Adds one at the last bit of the prefix, and carries, into the family at last.
  for (let word = Math.ceil(length / 32), add = 2 ** (32 * word - length); word >= 0; word--, add = 1) {
    const sum = (end[word] ?? 0) + add;
    end[word] = sum;
    if (sum < 2 ** 32) return end;
  }
  return undefined;
}

function compare(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number): number {
  for (let word = 0; word < width; word++) {
    const difference = (a[aAt + word] ?? 0) - (b[bAt + word] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
