import type { Diagnostic } from '../diagnostic/diagnostic.js';
import { Reporter } from '../diagnostic/reporter.js';
import type { Span } from '../diagnostic/span.js';
import type { AuthorizationPolicy, BackendRef, ParentRef, RequestAuthentication, TargetRef } from '../resource/model/index.js';
import { isRoute, type Route } from './all-routes.js';
import type { Inventory, ServiceInfo } from './inventory.js';
import { isGranted, type Referred, type Referrer } from './reference-grants.js';

/** What may refer to nothing. */
export type Referring = AuthorizationPolicy | RequestAuthentication | Route;

/** Reports every reference of a policy or route to nothing. Findings, all of them. */
export function danglingReferences(referring: Referring, known: KnownObjects): readonly Diagnostic[] {
  const reporter = new Reporter();
  if (isRoute(referring)) reportRoute(referring, known, reporter);
  else reportTargets(referring, known, reporter);
  return reporter.diagnostics;
}

/** Reports the certificates that listeners need and nobody has. */
export function danglingCertificates(inventory: Inventory): readonly Diagnostic[] {
  const reporter = new Reporter();
  reportCertificates(inventory, reporter);
  return reporter.diagnostics;
}

type Named = 'services' | 'gateways' | 'gatewayClasses' | 'referenceGrants';

/** The objects that references can name. */
export class KnownObjects {
  readonly #inventory: Pick<Inventory, Named>;
  readonly #serviceEntries: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;

  constructor({ services, gateways, gatewayClasses, referenceGrants }: Pick<Inventory, Named>) {
    // Not the inventory itself: it would be kept for as long as later ones go on from this.
    this.#inventory = { services, gateways, gatewayClasses, referenceGrants };
    const entries = [...services.values()].filter((service) => service.kind === 'ServiceEntry');
    this.#serviceEntries = new Set(entries.map((service) => `${service.namespace}/${service.name}`));
    this.#hosts = new Set([...services.values()].map((service) => service.hostname));
  }

  service(key: string): ServiceInfo | undefined {
    return this.#inventory.services.get(key);
  }

  grants(referrer: Referrer, referred: Referred): boolean {
    return isGranted(this.#inventory.referenceGrants, referrer, referred);
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

function reportTargets(
  { kind, metadata, targetRefs }: AuthorizationPolicy | RequestAuthentication,
  known: KnownObjects,
  reporter: Reporter,
): void {
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

function describeTarget({ kind, name }: TargetRef, namespace: string): string {
  return kind === 'GatewayClass' ? `${kind} \`${name}\`` : `${kind} \`${namespace}/${name}\``;
}

function reportRoute(route: Route, known: KnownObjects, reporter: Reporter): void {
  const subject = `${route.kind} \`${route.metadata.name}\``;
  for (const parent of route.parentRefs) reportParent(subject, parent, known, reporter);
  const atGateway = route.parentRefs.some(({ kind }) => kind === 'Gateway');
  for (const backend of route.rules.flatMap((rule) => rule.backendRefs)) {
    if (atGateway && !known.grants(route, backend)) reportUngranted(subject, route, backend, reporter);
    else reportBackend(subject, backend, known, reporter);
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

/** Whether the object exists is not said: that is for its namespace to tell. */
function reportUngranted(subject: string, { kind, metadata }: Referrer, referred: Reference, reporter: Reporter): void {
  const wanted = `${referred.kind} \`${referred.namespace}/${referred.name}\``;
  const lack = lackOf[kind] ?? 'connections that reach this backend are closed';
  reporter.report(
    'reference-not-granted',
    referred.span,
    `${subject} refers to ${wanted}, and no ReferenceGrant in namespace \`${referred.namespace}\` lets it`,
    {
      hint: `add one to \`${referred.namespace}\`, from kind \`${kind}\` in namespace \`${metadata.namespace}\` to kind \`${referred.kind}\`: until then ${lack}`,
    },
  );
}

const lackOf: Readonly<Record<string, string>> = {
  Gateway: 'the listener refuses every handshake',
  HTTPRoute: 'requests that reach this backend are answered with 500',
};

interface Reference extends Referred {
  readonly span: Span;
}

function reportBackend(subject: string, backend: BackendRef, known: KnownObjects, reporter: Reporter): void {
  const name = backend.kind === 'Hostname' ? backend.name : `${backend.namespace}/${backend.name}`;
  if (!known.has(backend.kind, backend.namespace, backend.name)) {
    reporter.report('backend-not-found', backend.span, `${subject} sends to ${backend.kind} \`${name}\`, which does not exist`, {
      hint: 'correct the name: requests that reach this backend are answered with 500',
    });
    return;
  }
  const service = backend.kind === 'Service' ? known.service(`Service/${name}`) : undefined;
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

function reportCertificates({ gateways, secrets, referenceGrants }: Inventory, reporter: Reporter): void {
  for (const { resource } of gateways.values()) {
    for (const listener of resource.listeners) {
      for (const reference of listener.tls?.certificateRefs ?? []) {
        const wanted = { ...reference, group: '', kind: 'Secret' };
        if (!isGranted(referenceGrants, resource, wanted)) {
          reportUngranted(`listener \`${listener.name}\` of Gateway \`${resource.metadata.name}\``, resource, wanted, reporter);
          continue;
        }
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
