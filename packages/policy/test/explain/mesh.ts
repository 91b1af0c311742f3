import {
  buildInventory,
  checkFiles,
  type Diagnostic,
  type DiagnosticCode,
  type Dialect,
  type Explanation,
  explain,
  hasInvalid,
  type Inventory,
  loadResources,
  parseQuestion,
  type QuestionText,
  strict,
} from '../../src/index.js';

/** Joins documents. */
export function documents(...texts: readonly string[]): string {
  return texts.map((text) => `${text.trim()}\n`).join('---\n');
}

/** The inventory of a text that is valid. */
export function inventoryOf(text: string, dialect: Dialect = strict): Inventory {
  const { set, diagnostics } = loadResources([{ path: 'mesh.yaml', text }], dialect);
  if (hasInvalid(diagnostics)) throw new Error(diagnostics.map((one) => `${one.span.start.line}: ${one.message}`).join('\n'));
  return buildInventory(set, dialect).inventory;
}

/** The walk of one request. */
export function ask(text: string, question: QuestionText, dialect: Dialect = strict): Explanation {
  const inventory = inventoryOf(text, dialect);
  const read = parseQuestion(inventory, question);
  if ('problem' in read) throw new Error(read.problem.message);
  return explain(inventory, read.question);
}

/** What `check` reports with one code. */
export function findingsOf(text: string, code: DiagnosticCode, dialect: Dialect = strict): readonly Diagnostic[] {
  return checkFiles([{ path: 'mesh.yaml', text }], dialect).diagnostics.filter((diagnostic) => diagnostic.code === code);
}

/** A namespace in the mesh, with its labels besides. */
export function namespace(name: string, labels = ''): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {istio.io/dataplane-mode: ambient${labels === '' ? '' : `, ${labels}`}}}\n`;
}

/** A waypoint for services, ready. */
export function waypoint(namespaceName: string, name = 'waypoint', labels = ''): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: ${namespaceName}, labels: {${labels}}}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
`;
}

/** A pod with a service account of its own name. */
export function pod(namespaceName: string, name: string, address: string, spec = ''): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespaceName}, labels: {app: ${name}}}
spec: {serviceAccountName: ${name}, ${spec === '' ? '' : `${spec}, `}containers: [{name: main, image: main, ports: [{containerPort: 8080}]}]}
status: {podIP: ${address}}
`;
}

/** A Service on port 80, with the port's name, before pods labelled with an app. */
export function service(
  namespaceName: string,
  name: string,
  address: string,
  options: { port?: string; app?: string; labels?: string } = {},
): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespaceName}, labels: {${options.labels ?? ''}}}
spec: {clusterIP: ${address}, selector: {app: ${options.app ?? name}}, ports: [{name: ${options.port ?? 'http'}, port: 80, targetPort: 8080}]}
`;
}

/** An AuthorizationPolicy with this specification, in flow or block style, indented by two. */
export function policy(namespaceName: string, name: string, spec: string, annotations = ''): string {
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ${name}, namespace: ${namespaceName}, annotations: {${annotations}}}
spec: ${spec.startsWith('{') ? spec : `\n${spec}`}
`;
}

/** Two clients and a cart, the cart behind a Service. */
export const shop = documents(
  namespace('shop'),
  pod('shop', 'web', '10.0.0.1'),
  pod('shop', 'batch', '10.0.0.2'),
  pod('shop', 'cart', '10.0.0.3'),
  service('shop', 'cart', '10.1.0.3'),
);

/** The same behind a waypoint. */
export const shopWithWaypoint = documents(
  namespace('shop', 'istio.io/use-waypoint: waypoint'),
  pod('shop', 'web', '10.0.0.1'),
  pod('shop', 'batch', '10.0.0.2'),
  pod('shop', 'cart', '10.0.0.3'),
  service('shop', 'cart', '10.1.0.3'),
  waypoint('shop'),
);

export const webIdentity = 'spiffe://cluster.local/ns/shop/sa/web';
export const waypointIdentity = 'spiffe://cluster.local/ns/shop/sa/waypoint';
