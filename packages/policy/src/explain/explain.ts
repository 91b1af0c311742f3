import { resolveHost } from '../bind/resolve-host.js';
import { routeFromWorkload } from '../bind/route-outbound.js';
import type { Inventory, Workload } from '../inventory/inventory.js';
import { homeNetwork } from '../inventory/networks.js';
import type { Explanation, GateExplanation, Step } from './explanation.js';
import { clientNamespace } from './question/parse-target.js';
import type { Question } from './question/question.js';
import { statusesOnPath } from './status-on-path.js';
import { unmodelledOnPath } from './unmodelled.js';
import { type Branch, type BranchStep, deadEnd, joinBranches, prepend } from './walk/branch.js';
import { describeCapture, walkOnward } from './walk/onward.js';
import type { Sender, Walk } from './walk/walk.js';
import { walkGateway } from './walk/walk-gateway.js';

/**
 * Walks the path that a request would take, without sending it: at each gate, the identity and addresses that this gate sees, the
 * policies it enforces and those it does not, its verdict, and the rule that decided (reference sections 5, 7.3, 7.5, 9). In
 * the inventory's own dialect. The effect is `allow` only where every endpoint that the request may reach allows it.
 */
export function explain(inventory: Inventory, question: Question): Explanation {
  const { sni } = question;
  const walk: Walk = { inventory, question, http: question.target.scheme === 'http', ...(sni === undefined ? {} : { sni }) };
  const start = clientStep(question);
  const branch = prepend([start], question.target.protocol === 'UDP' ? uncapturedUdp(question) : walkFromClient(walk));
  return toExplanation(inventory, question, branch);
}

function walkFromClient(walk: Walk): Branch {
  const { question } = walk;
  const client = clientWorkload(walk.inventory, question);
  const sender: Sender = { ...senderOf(question), network: client.network };
  if (question.via !== undefined) return walkGateway(walk, plain(sender), question.via);
  const outside = whyOutside(question);
  if (outside === undefined) return fromZtunnel(sender, walkRoutes(walk, sender, client));
  const branch = walkRoutes(walk, plain(sender), { ...client, capture: 'not-enrolled' });
  return { ...branch, notCaptured: [...outside, ...branch.notCaptured] };
}

/** Names the client's ztunnel where it sends; where it refuses, it stands in the branch as a gate, or the request fails before it. */
function fromZtunnel(sender: Sender, branch: Branch): Branch {
  return branch.steps[0]?.kind === 'leg' ? prepend([{ kind: 'source-ztunnel', name: sender.name }], branch) : branch;
}

/** Follows every route that the source side may take: one, but for a headless service one for each pod that its name leads to. */
function walkRoutes(walk: Walk, sender: Sender, client: Workload): Branch {
  const { inventory, question } = walk;
  const { host, port } = question.target;
  const found = resolveHost(inventory, host, client.namespace);
  const pods =
    found !== undefined && 'hostname' in found && found.addresses.length === 0
      ? found.workloads.filter(({ ready, network }) => ready && network === client.network)
      : [];
  const hosts = pods.length === 0 ? [host] : pods.map((workload) => workload.address);
  const routes = hosts.map((dialled) => routeFromWorkload(inventory, client, { host: dialled, port }));
  return joinBranches(routes.map((route) => walkOnward(walk, sender, route, question.request)));
}

/** Why the client's side has no ztunnel; undefined where it has one. An empty list: nothing to say beyond the plaintext leg. */
function whyOutside(question: Question): readonly string[] | undefined {
  if (question.client.kind === 'address')
    return [`\`${question.client.address}\` is outside the mesh: it connects in plaintext, past every waypoint`];
  if (question.plaintext) return [];
  if (question.client.kind === 'identity' || question.client.workload.capture === 'captured') return undefined;
  return [`${describeCapture(question.client.workload)}: its traffic is not captured and goes in plaintext, past every waypoint`];
}

function plain(sender: Sender): Sender {
  const { identity: _, ...rest } = sender;
  return rest;
}

function senderOf(question: Question): Omit<Sender, 'network'> {
  const { client } = question;
  if (client.kind === 'address') return { address: client.address, name: client.address, gate: 'ztunnel' };
  if (client.kind === 'workload') {
    return { identity: client.workload.identity, address: client.workload.address, name: client.workload.key, gate: 'ztunnel' };
  }
  return {
    identity: client.identity,
    address: client.like?.address ?? nowhere,
    name: client.like?.key ?? client.identity,
    gate: 'ztunnel',
  };
}

/** An identity that no workload has comes from somewhere: an address of the documentation's, which no mesh has. */
const nowhere = '192.0.2.1';

/** The workload whose ztunnel sends; for an identity that no workload has, one that stands for it. */
function clientWorkload(inventory: Inventory, question: Question): Workload {
  const { client } = question;
  if (client.kind === 'workload') return client.workload;
  if (client.kind === 'identity' && client.like !== undefined) return client.like;
  const identity = client.kind === 'identity' ? client.identity : '';
  const namespace = clientNamespace(client);
  const start = { line: 1, column: 1, offset: 0 };
  return {
    key: `${namespace}/${identity}`,
    kind: 'Pod',
    namespace,
    name: identity,
    ownerName: identity,
    ownerKind: 'Pod',
    labels: {},
    annotations: {},
    serviceAccount: identity.split('/').at(-1) ?? '',
    identity,
    address: nowhere,
    addresses: [nowhere],
    capture: 'captured',
    network: homeNetwork(inventory),
    ready: true,
    ports: [],
    portsByName: {},
    span: { file: '', start, end: start },
  };
}

function uncapturedUdp(question: Question): Branch {
  const { host, port } = question.target;
  return {
    ...deadEnd(host),
    effect: 'allow',
    steps: [{ kind: 'application', name: host, address: host, port, reached: true }],
    notCaptured: ['UDP is not captured: no gate sees it, and no policy is asked'],
  };
}

function clientStep(question: Question): BranchStep {
  const sender = senderOf(question);
  const note = sender.address === nowhere ? `no workload here has this identity: its address is taken to be ${nowhere}` : null;
  return { kind: 'client', name: sender.name, identity: sender.identity ?? null, address: sender.address, note };
}

function toExplanation(inventory: Inventory, question: Question, branch: Branch): Explanation {
  const gates: GateExplanation[] = [];
  const steps = branch.steps.map(
    (step): Step => (step.kind === 'gate' ? { kind: 'gate', index: gates.push(step.gate) - 1 } : step),
  );
  const { name, release } = inventory.dialect;
  return {
    effect: branch.effect,
    dialect: release === undefined ? name : `${name}@${release}`,
    gates,
    steps,
    failure: branch.failure ?? null,
    notCaptured: [...new Set(branch.notCaptured)],
    notes: [...new Set(branch.notes)],
    statuses: statusesOnPath(inventory, gates),
    unmodelled: unmodelledOnPath(inventory, question, gates, steps),
  };
}
