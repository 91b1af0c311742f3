import type { FindingContext } from '../finding-context.js';
import { qualifiedName } from '../walk/gate-view.js';

const effects: Readonly<Record<string, string>> = {
  NetworkPolicy: 'may refuse connections that are allowed here',
  EnvoyFilter: 'may change or remove what a gate enforces',
  VirtualService: 'may send requests elsewhere than is said here',
  Sidecar: 'may change what a client can reach',
};

/** Objects of kinds that change what happens and are not modelled: named, so that nobody takes a verdict for the whole truth. */
export function unmodelledKind(context: FindingContext): void {
  for (const { writtenKind, metadata } of context.inventory.unmodelled) {
    const effect = effects[writtenKind] ?? 'may change what happens';
    context.report(
      'unmodelled-kind',
      metadata.nameSpan,
      `${writtenKind} \`${qualifiedName(metadata)}\` is not modelled: it ${effect}`,
    );
  }
}
