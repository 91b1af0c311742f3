/** The value that belongs to an object, made once: whatever is derived from a part of an inventory lasts as long as that part does. */
export function memoized<Key extends object, Value extends object>(
  cache: WeakMap<Key, Value>,
  key: Key,
  make: () => Value,
): Value {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}
