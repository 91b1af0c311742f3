import type { MapNode, Node, NodeEntry } from '../parse/node.js';

/**
 * The items of a `List`, or of a typed list such as `PodList`, as `kubectl get` prints them; undefined for anything else. Items of
 * a typed list that leave out their own kind take it from the list.
 */
export function asList(node: MapNode): readonly Node[] | undefined {
  const kind = scalarText(node, 'kind');
  const items = node.entries.get('items')?.value;
  if (kind === undefined || !kind.endsWith('List') || node.entries.has('spec')) return undefined;
  if (items?.kind !== 'sequence') return undefined;
  return kind === 'List' ? items.items : items.items.map((item) => withType(item, node, kind.slice(0, -'List'.length)));
}

function withType(item: Node, list: MapNode, kind: string): Node {
  const apiVersion = list.entries.get('apiVersion');
  const listKind = list.entries.get('kind');
  if (item.kind !== 'map' || item.entries.has('kind') || apiVersion === undefined || listKind === undefined) return item;
  const entries = new Map<string, NodeEntry>(item.entries);
  if (!entries.has('apiVersion')) entries.set('apiVersion', apiVersion);
  entries.set('kind', { ...listKind, value: { ...listKind.value, kind: 'scalar', value: kind, text: kind, literal: false } });
  return { ...item, entries };
}

function scalarText(node: MapNode, name: string): string | undefined {
  const value = node.entries.get(name)?.value;
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
}
