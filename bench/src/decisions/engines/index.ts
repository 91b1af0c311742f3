import type { EngineName, PrepareEngine } from './engine.js';
import { sallyport } from './sallyport.js';

/** What can be done with any engine, whatever form its questions have. */
export type WithEngine<Result> = <Input>(prepare: PrepareEngine<Input>) => Promise<Result>;

/** Does something with an engine; loads no other. */
export async function withEngine<Result>(name: EngineName, run: WithEngine<Result>): Promise<Result> {
  switch (name) {
    case 'table':
    case 'interpreter':
      return run(sallyport(name));
    case 'cedar-wasm':
      return run((await import('./cedar.js')).cedarWasm);
    case 'casbin':
      return run((await import('./casbin.js')).casbin);
    case 'grpc-js-xds':
      return run((await import('./grpc-js-xds.js')).grpcJsXds);
  }
}

/** What peers cannot say, or say in another way than policies do; printed under the table. */
export const limits: Readonly<Record<'cedar-wasm' | 'casbin' | 'grpc-js-xds', readonly string[]>> = {
  'cedar-wasm': [
    'no URI templates: `like` has only a star over anything, so one segment is a star and a limit to the number of slashes',
    'no globs over namespaces with text on both sides of the star, unless the namespace is handed in as a text',
    'an allow-list is a set in a condition; as a group it would be in the entities that each request brings, so that the caller would answer',
    'no normalisation of paths; says which policy decided, but not where it is written; no audit, dry-run or CUSTOM actions',
  ],
  casbin: [
    'URI templates and suffixes only as regular expressions, which it compiles for each comparison',
    'no negation of a field in a policy: each needs a column and a test of its own in the model',
    'an allow-list is a role, as its documentation advises; then nothing but exact names can be on it, and the lookup is one in a map',
    'no normalisation of paths; no audit, dry-run or CUSTOM actions; does not say which rule decided unless asked with `enforceEx`',
  ],
  'grpc-js-xds': [
    'URI templates only as regular expressions (RE2)',
    'its filter knows gRPC only: `:method` is always POST; here the engine behind the filter is asked with the real method',
    'every metadata matcher is false, so that nothing about tokens and claims can be said',
    'no normalisation of paths; says neither which policy decided nor where it is written; no audit, dry-run or CUSTOM actions',
  ],
};
