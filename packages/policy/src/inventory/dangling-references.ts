import type { Reporter } from '../diagnostic/reporter.js';
import type { BackendRef, ParentRef, TargetRef } from '../resource/model/index.js';
import type { Inventory, ServiceInfo } from './inventory.js';

/** Reports every reference to nothing: of policies, routes and listeners. Findings, all of them. */
export function reportDanglingReferences(inventory: Inventory, reporter: Reporter): void {
  const known = new KnownObjects(inventory);
  reportTargets(inventory, known, reporter);
  reportRoutes(inventory, known, reporter);
  reportCertificates(inventory, reporter);
}

/** The objects that references can name. */
class KnownObjects {
  readonly #inventory: Inventory;
  readonly #serviceEntries: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
    const entries = [...inventory.services.values()].filter((service) => service.kind === 'ServiceEntry');
    this.#serviceEntries = new Set(entries.map((service) => `${service.namespace}/${service.name}`));
    this.#hosts = new Set([...inventory.services.values()].map((service) => service.hostname));
  }

  has(kind: string, namespace: string, name: string): boolean {
    const key = `${namespace}/${name}`;
    if (kind === 'Service') return this.#inventory.services.has(`Service/${key}`);
    if (kind === 'ServiceEntry') return this.#serviceEntries.has(key);
    if (kind === 'Gateway') return this.#inventory.gateways.has(key);
    if (kind === 'Hostname') return this.#hosts.has(name.toLowerCase());
    // Istio brings its own classes: their manifests are rarely in the input.
    if (kind === 'GatewayClass') return this.#inventory.gatewayClasses.has(name) || builtInClasses.has(name);
    return false;
  }
}

const builtInClasses: ReadonlySet<string> = new Set(['istio', 'istio-waypoint', 'istio-east-west', 'istio-remote']);

function reportTargets(inventory: Inventory, known: KnownObjects, reporter: Reporter): void {
  for (const { kind, metadata, targetRefs } of [...inventory.policies, ...inventory.requestAuthentications]) {
    for (const target of targetRefs) {
      if (known.has(target.kind, metadata.namespace, target.name)) continue;
      reporter.report(
        'target-not-found',
        target.span,
        `${kind} \`${metadata.name}\` targets ${describeTarget(target, metadata.namespace)}, which does not exist`,
        {
          hint: 'correct the name: until the object exists, no gate enforces the policy for it',
        },
      );
    }
  }
}

function describeTarget({ kind, name }: TargetRef, namespace: string): string {
  return kind === 'GatewayClass' ? `${kind} \`${name}\`` : `${kind} \`${namespace}/${name}\``;
}

function reportRoutes(inventory: Inventory, known: KnownObjects, reporter: Reporter): void {
  for (const route of [...inventory.httpRoutes, ...inventory.tcpRoutes]) {
    const subject = `${route.kind} \`${route.metadata.name}\``;
    for (const parent of route.parentRefs) reportParent(subject, parent, known, reporter);
    for (const backend of route.rules.flatMap((rule) => rule.backendRefs))
      reportBackend(subject, backend, inventory, known, reporter);
  }
}

function reportParent(subject: string, parent: ParentRef, known: KnownObjects, reporter: Reporter): void {
  if (known.has(parent.kind, parent.namespace, parent.name)) return;
  reporter.report(
    'parent-not-found',
    parent.span,
    `${subject} belongs to ${parent.kind} \`${parent.namespace}/${parent.name}\`, which does not exist`,
    {
      hint: 'correct the name: no gate uses the route',
    },
  );
}

function reportBackend(
  subject: string,
  backend: BackendRef,
  inventory: Inventory,
  known: KnownObjects,
  reporter: Reporter,
): void {
  const name = backend.kind === 'Hostname' ? backend.name : `${backend.namespace}/${backend.name}`;
  if (!known.has(backend.kind, backend.namespace, backend.name)) {
    reporter.report('backend-not-found', backend.span, `${subject} sends to ${backend.kind} \`${name}\`, which does not exist`, {
      hint: 'correct the name: requests that reach this backend are answered with 500',
    });
    return;
  }
  const service = backend.kind === 'Service' ? inventory.services.get(`Service/${name}`) : undefined;
  if (service === undefined || hasPort(service, backend.port)) return;
  reporter.report(
    'backend-not-found',
    backend.span,
    `${subject} sends to port \`${backend.port ?? 'none'}\` of service \`${name}\`, which it does not have`,
    {
      hint: "name one of the service's ports: requests that reach this backend are answered with 500",
      related: [{ message: 'the service', span: service.span }],
    },
  );
}

function hasPort(service: ServiceInfo, port: number | undefined): boolean {
  return service.ports.some((candidate) => candidate.port === port);
}

function reportCertificates({ gateways, secrets }: Inventory, reporter: Reporter): void {
  for (const { resource } of gateways.values()) {
    for (const listener of resource.listeners) {
      for (const reference of listener.tls?.certificateRefs ?? []) {
        const secret = secrets.get(`${reference.namespace}/${reference.name}`);
        if (secret?.tlsCertificate !== undefined && secret.tlsKey !== undefined) continue;
        const lack = secret === undefined ? 'does not exist' : 'holds no certificate and key';
        reporter.report(
          'certificate-not-found',
          reference.span,
          `listener \`${listener.name}\` of Gateway \`${resource.metadata.name}\` needs Secret \`${reference.namespace}/${reference.name}\`, which ${lack}`,
          { hint: 'add a Secret of type `kubernetes.io/tls`: until then the listener refuses every handshake' },
        );
      }
    }
  }
}
