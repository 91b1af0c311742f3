/**
 * A path with parameters of its query removed, then set: a set parameter stands once, at the end. The rest of the path stays
 * byte for byte as it is.
 */
export function changeQuery(
  path: string,
  set: readonly { readonly key: string; readonly value: string }[],
  remove: readonly string[],
): string {
  if (set.length === 0 && remove.length === 0) return path;
  const mark = path.indexOf('?');
  const bare = mark < 0 ? path : path.slice(0, mark);
  const query = mark < 0 ? '' : path.slice(mark + 1);
  const gone = new Set([...remove, ...set.map(({ key }) => key)]);
  const kept = query.split('&').filter((pair) => pair !== '' && !gone.has(decoded(nameOf(pair))));
  const pairs = [...kept, ...set.map(({ key, value }) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)];
  return pairs.length === 0 ? bare : `${bare}?${pairs.join('&')}`;
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return equals < 0 ? pair : pair.slice(0, equals);
}

/** A name that is not well encoded is compared as it stands. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}
