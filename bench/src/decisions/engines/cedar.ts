import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import type { EntityJson, StatefulAuthorizationCall } from '@cedar-policy/cedar-wasm/nodejs';
import { type BenchPolicy, type BenchRule, readPath } from '../bench-policy.js';
import type { Question } from '../questions.js';
import { namespaceOf, type PrepareEngine, pathOf } from './engine.js';

// Node.js 20 ends now and then with "unreachable code" in V8's deoptimizer where optimised code has inlined a call into this WebAssembly.
setFlagsFromString('--no-turbo-inline-js-wasm-calls');

// The flavour that its documentation names for Node.js is CommonJS and reads its WebAssembly synchronously.
const cedar: typeof import('@cedar-policy/cedar-wasm/nodejs') = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs');

/** Policy sets are kept by name for the life of the process, so that each gets one of its own. */
let built = 0;

/**
 * Cedar: principals and their namespaces in the scope, as its documentation advises, everything else in `when`; the policy set parsed beforehand
 * and asked by its name (`preparsePolicySet`, `statefulIsAuthorized`).
 */
export const cedarWasm: PrepareEngine<StatefulAuthorizationCall> = (policies) => {
  const staticPolicies = policies.flatMap(({ action, rules }) => rules.map((rule) => policyText(action, rule))).join('\n');
  const withNamespaces = policies.some(({ rules }) => rules.some((rule) => rule.namespaces ?? rule.notNamespaces));
  return {
    build() {
      built += 1;
      const preparsedPolicySetId = `bench-${built}`;
      const parsed = cedar.preparsePolicySet(preparsedPolicySetId, { staticPolicies });
      if (parsed.type === 'failure') throw new Error(`Cedar refuses the policies: ${parsed.errors[0]?.message}`);
      return {
        translate: (question) => callFor(question, preparsedPolicySetId, withNamespaces),
        allows(call) {
          const answer = cedar.statefulIsAuthorized(call);
          if (answer.type === 'failure') throw new Error(`Cedar refuses the request: ${answer.errors[0]?.message}`);
          const [error] = answer.response.diagnostics.errors;
          if (error !== undefined) throw new Error(`Cedar could not evaluate a policy: ${error.error.message}`);
          return answer.response.decision === 'allow';
        },
      };
    },
  };
};

function callFor(question: Question, preparsedPolicySetId: string, withNamespaces: boolean): StatefulAuthorizationCall {
  const { connection, request } = question;
  const principal = { type: 'Workload', id: connection.identity ?? '' };
  const parents = [{ type: 'Namespace', id: namespaceOf(principal.id) }];
  const entities: EntityJson[] = withNamespaces ? [{ uid: principal, attrs: {}, parents }] : [];
  const context =
    request === undefined
      ? { ip: { __extn: { fn: 'ip', arg: connection.sourceIp } }, port: connection.destinationPort }
      : { path: pathOf(question) };
  return {
    principal,
    action: { type: 'Action', id: request?.method ?? 'connect' },
    resource: { type: 'Service', id: 'app' },
    context,
    entities,
    preparsedPolicySetId,
  };
}

function policyText(action: BenchPolicy['action'], rule: BenchRule): string {
  const { principals, namespaces, notNamespaces, ipBlocks, ports, methods, paths } = rule;
  const [principal, namespace] = [principals?.length === 1 ? principals[0] : undefined, namespaces?.[0]];
  const scope =
    principal !== undefined
      ? `principal == ${workload(principal)}`
      : namespace !== undefined
        ? `principal in Namespace::"${namespace}"`
        : 'principal';
  const method = methods === undefined ? 'action' : `action == Action::"${methods[0]}"`;
  const conditions = [
    ...(principals !== undefined && principals.length > 1
      ? [`[${principals.map(workload).join(', ')}].contains(principal)`]
      : []),
    ...(ports ?? []).map((port) => `context.port == ${port}`),
    ...(ipBlocks ?? []).map((block) => `context.ip.isInRange(ip("${block}"))`),
    ...(paths ?? []).map(pathCondition),
    ...(notNamespaces ?? []).map((each) => `!(principal in Namespace::"${each}")`),
  ];
  const when = conditions.length === 0 ? '' : ` when { ${conditions.join(' && ')} }`;
  return `${action === 'ALLOW' ? 'permit' : 'forbid'}(${scope}, ${method}, resource)${when};`;
}

function workload(principal: string): string {
  return `Workload::"spiffe://${principal}"`;
}

/** `like` knows only a star over anything, so that a template's one segment is a star and a limit to the number of slashes. */
function pathCondition(pattern: string): string {
  const { kind, text } = readPath(pattern);
  if (kind === 'exact') return `context.path == "${text}"`;
  if (kind === 'prefix') return `context.path like "${text}*"`;
  if (kind === 'suffix') return `context.path like "*${text}"`;
  if (text.includes('{**}')) return `context.path like "${text.replace('{**}', '*')}"`;
  const tooMany = '*/'.repeat(text.split('/').length);
  return `context.path like "${text.replaceAll('{*}', '*')}" && !(context.path like "${tooMany}*") && !(context.path like "*//*")`;
}
