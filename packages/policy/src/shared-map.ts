const shardCount = 1024;

/**
 * A map from texts that never changes: `with` gives another one, which shares with this one all but the few shards that its
 * changes fall into. So one change costs the same whatever the map holds.
 */
export class SharedMap<Value> {
  private constructor(private readonly shards: readonly (ReadonlyMap<string, Value> | undefined)[]) {}

  static of<Value>(entries: Iterable<readonly [string, Value]>): SharedMap<Value> {
    const shards: (Map<string, Value> | undefined)[] = Array.from({ length: shardCount });
    for (const [key, value] of entries) {
      const place = shardOf(key);
      const shard = shards[place];
      if (shard === undefined) shards[place] = new Map([[key, value]]);
      else shard.set(key, value);
    }
    return new SharedMap(shards);
  }

  get(key: string): Value | undefined {
    return this.shards[shardOf(key)]?.get(key);
  }

  /** A map with these entries set; those without a value are removed. */
  with(changes: Iterable<readonly [string, Value | undefined]>): SharedMap<Value> {
    const shards = [...this.shards];
    const own = new Map<number, Map<string, Value>>();
    for (const [key, value] of changes) {
      const place = shardOf(key);
      const shard = own.get(place) ?? new Map(shards[place]);
      own.set(place, shard);
      shards[place] = shard;
      if (value === undefined) shard.delete(key);
      else shard.set(key, value);
    }
    return new SharedMap(shards);
  }
}

/** FNV-1a, folded. */
function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return (hash ^ (hash >>> 16)) & (shardCount - 1);
}
