/** Numbers from 0 to 1 that a seed says all of (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** No parser here needs more to show all that it does, and long inputs are slow. */
const longest = 4096;
const edges = [0, 1, 0x0a, 0x0d, 0x20, 0x2c, 0x3a, 0x7f, 0x80, 0xff];

/** Another input near one that is there: bytes changed, cut, repeated, joined with another's, words put in. */
export function mutate(corpus: readonly Buffer[], words: readonly Buffer[], random: () => number): Buffer {
  const pick = (count: number): number => Math.floor(random() * count);
  const other = (): Buffer => corpus[pick(corpus.length)] ?? Buffer.alloc(0);
  let bytes = Buffer.from(other());
  for (let left = 1 + pick(4); left > 0; left -= 1) {
    const at = pick(bytes.length + 1);
    const to = Math.min(bytes.length, at + 1 + pick(random() < 0.8 ? 8 : 256));
    bytes = Buffer.concat(changed(bytes, at, to));
  }
  return bytes.subarray(0, longest);

  function changed(from: Buffer, at: number, to: number): readonly Buffer[] {
    const [before, cut, after] = [from.subarray(0, at), from.subarray(at, to), from.subarray(to)];
    switch (pick(8)) {
      case 0:
        return [before, after];
      case 1:
        return [before, cut, cut, after];
      case 2:
        return [before, words[pick(words.length)] ?? cut, from.subarray(at)];
      case 3:
        return [before, words[pick(words.length)] ?? cut, after];
      case 4:
        return [before, other().subarray(pick(64))];
      case 5:
        return [before, Buffer.from([edges[pick(edges.length)] ?? 0]), from.subarray(at)];
      case 6:
        return [before, Buffer.from(cut.map((octet) => octet ^ (1 << pick(8)))), after];
      default:
        return [before, Buffer.from(cut.map((octet, index) => (index === 0 ? (octet + pick(33) - 16) & 0xff : octet))), after];
    }
  }
}
