import { bindGateway } from '../../bind/bind-gateway.js';
import { routeHttp } from '../../bind/route-http.js';
import { routeTcp } from '../../bind/route-tcp.js';
import { routeTls } from '../../bind/route-tls.js';
import { requestDecider } from '../../decide/index.js';
import type { GatewayInfo } from '../../inventory/inventory.js';
import type { Listener } from '../../resource/model/index.js';
import type { ConnectionAttributes, RequestAttributes } from '../../verdict/attributes.js';
import { remoteAddress } from '../../verdict/remote-address.js';
import { nearestMiss } from '../nearest-miss.js';
import { assumeAuthorizers } from './assume-authorizers.js';
import { assumeToken } from './assume-token.js';
import { type Branch, type BranchStep, deadEnd, prepend, withNotes } from './branch.js';
import { viewGate } from './gate-view.js';
import { leg, walkOnward } from './onward.js';
import type { Sender, Walk } from './walk.js';
import { walkBackends } from './walk-backends.js';

/** An ingress gateway in front: its listener, its own policies, its route, and its own hop onward (reference section 9). */
export function walkGateway(walk: Walk, sender: Sender, gateway: GatewayInfo): Branch {
  const { target } = walk.question;
  const listener = chooseListener(gateway, target.port, walk.sni ?? hostOf(walk.question.request.authority));
  if (listener === undefined) {
    return deadEnd(gateway.key, {
      reason: 'unknown-port',
      detail: `gateway \`${gateway.key}\` has no listener on port ${target.port} for this host (it listens on ${listListeners(gateway)})`,
    });
  }
  const terminated = listener.protocol === 'HTTP' || (listener.protocol === 'HTTPS' && listener.tls?.mode !== 'Passthrough');
  const { gate, effect, asked, notes } = askGateway(walk, sender, gateway, listener, terminated);
  const steps: BranchStep[] = [
    leg(walk.sni === undefined ? 'plaintext' : 'TLS', `to listener ${listener.name}, port ${listener.port}`),
    { kind: 'gate', gate },
  ];
  if (effect === 'deny') return { ...deadEnd(gateway.key), steps, notes };
  const onward = terminated ? goOnHttp(asked.walk, sender, gateway, listener, asked.onward) : goOnTcp(walk, gateway, listener);
  return withNotes(notes, prepend(steps, onward));
}

/** The listener of a port that fits a host best: an exact hostname before a wildcard before none. */
function chooseListener(gateway: GatewayInfo, port: number, host: string): Listener | undefined {
  const fitting = gateway.resource.listeners.filter((listener) => listener.port === port && hostFits(listener.hostname, host));
  return fitting.sort((a, b) => specificity(b.hostname) - specificity(a.hostname))[0];
}

function listListeners({ resource }: GatewayInfo): string {
  return resource.listeners
    .map(({ port, hostname }) => (hostname === undefined ? `${port}` : `${port} for ${hostname}`))
    .join(', ');
}

function hostFits(pattern: string | undefined, host: string): boolean {
  if (pattern === undefined || pattern === '' || pattern === '*') return true;
  return pattern.startsWith('*.')
    ? host.toLowerCase().endsWith(pattern.slice(1).toLowerCase())
    : host.toLowerCase() === pattern.toLowerCase();
}

function specificity(hostname: string | undefined): number {
  if (hostname === undefined || hostname === '') return 0;
  return hostname.startsWith('*') ? hostname.length : 1000 + hostname.length;
}

function hostOf(authority: string): string {
  if (authority.startsWith('[')) return authority.slice(1, authority.indexOf(']'));
  return authority.split(':')[0] ?? authority;
}

function askGateway(walk: Walk, sender: Sender, gateway: GatewayInfo, listener: Listener, http: boolean) {
  const { inventory, question } = walk;
  const binding = bindGateway(inventory, gateway);
  const { request } = question;
  const peer = clientBehind(walk, sender);
  const connection: ConnectionAttributes = {
    sourceIp: sender.address,
    remoteIp: http ? remoteAddress(inventory, { gateway, peer, headers: request.headers }) : peer,
    destinationIp: gateway.workload.address,
    destinationPort: listener.port,
    ...(walk.sni === undefined ? {} : { sni: walk.sni }),
    ...(needsTls(listener, walk) ? { unreadable: 'the TLS greeting (it is no TLS)' } : {}),
  };
  const decider = requestDecider(inventory, binding);
  const asked = http ? assumeToken(walk, decider, binding, request) : { request, onward: request, walk, notes: [] };
  const stage = http ? decider.authorizeRequest(connection, request) : decider.authorizeConnection(connection);
  const { authorization, notes } = assumeAuthorizers(stage, walk.question);
  const verdict = http
    ? decider.request(connection, asked.request, authorization)
    : decider.connection(connection, authorization);
  const nearest = nearestMiss(inventory, binding, verdict, { connection, ...(http ? { request: asked.request } : {}) });
  const layer = http ? ('request' as const) : ('connection' as const);
  return {
    gate: viewGate({ gate: 'gateway', name: gateway.key, layer, binding, connection, verdict, nearest }),
    effect: verdict.effect,
    asked,
    notes: [...notes, ...asked.notes, ...proxyNotes(gateway, question)],
  };
}

/** The client's address: what a PROXY header tells, else the one who connects. */
function clientBehind({ question }: Walk, sender: Sender): string {
  return question.proxiedFor ?? sender.address;
}

/** What is passed through by its server name has to be TLS. */
function needsTls(listener: Listener, { question, sni, inventory }: Walk): boolean {
  const isTls = sni !== undefined || question.target.scheme === 'https';
  return inventory.dialect.name === 'strict' && passesThrough(listener) && !isTls;
}

function passesThrough({ protocol, tls }: Listener): boolean {
  return protocol === 'TLS' && tls?.mode === 'Passthrough';
}

function proxyNotes({ key, topology }: GatewayInfo, { proxiedFor }: Walk['question']): string[] {
  if (!topology.proxyProtocol || proxiedFor !== undefined) return [];
  return [
    `gateway \`${key}\` closes a connection that brings no PROXY header: here it is taken to tell the client's own address (ask with \`--proxied-for\` about another)`,
  ];
}

function goOnHttp(walk: Walk, sender: Sender, gateway: GatewayInfo, listener: Listener, request: RequestAttributes): Branch {
  const routing = routeHttp(walk.inventory, { gateway, listenerName: listener.name }, request);
  const { sni: _, ...inside } = walk;
  return walkBackends({ ...inside, http: true }, gateway, routing, forwarded(request, clientBehind(walk, sender)), walkOnward);
}

/** A gateway appends its client to X-Forwarded-For. */
function forwarded(request: RequestAttributes, peer: string): RequestAttributes {
  return { ...request, headers: [...request.headers, ['x-forwarded-for', peer]] };
}

function goOnTcp(walk: Walk, gateway: GatewayInfo, listener: Listener): Branch {
  const parent = { gateway, listenerName: listener.name };
  const routing = passesThrough(listener) ? routeTls(walk.inventory, parent, walk.sni) : routeTcp(walk.inventory, parent);
  return walkBackends({ ...walk, http: false }, gateway, routing, walk.question.request, walkOnward);
}
