import type { Fields } from '../decode/fields.js';
import type { Gateway } from '../model/gateway-api.js';
import type { ServiceEntry, WorkloadEntry } from '../model/istio.js';
import type { Controller, Pod } from '../model/kubernetes.js';
import { checkLabels } from './metadata.js';
import { isDnsSubdomain } from './names.js';

// INVARIANT (service-account-name): the name of a service account is a DNS subdomain wherever one is written, so that no manifest can
// move the boundaries inside `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`.

/** Checks whom a Pod runs as. */
export function validatePod(pod: Pod, object: Fields): void {
  checkServiceAccount(pod.spec.serviceAccountName, 'serviceAccountName', object.fields('spec'));
}

/** Checks whom the pods of a controller run as, and the labels that they will carry. */
export function validateController(controller: Controller, object: Fields): void {
  const template = object.fields('spec')?.fields('template');
  checkServiceAccount(controller.template.spec.serviceAccountName, 'serviceAccountName', template?.fields('spec'));
  const metadata = template?.fields('metadata');
  const labels = metadata?.stringMap('labels');
  if (metadata !== undefined && labels !== undefined) checkLabels(labels, metadata);
}

/** Checks whom a WorkloadEntry is. */
export function validateWorkloadEntry(entry: WorkloadEntry, object: Fields): void {
  checkServiceAccount(entry.serviceAccount, 'serviceAccount', object.fields('spec'));
}

/** Checks whom the endpoints of a ServiceEntry are. */
export function checkEndpointAccounts(entry: ServiceEntry, spec: Fields): void {
  const endpoints = spec.fieldsList('endpoints');
  for (const [index, endpoint] of endpoints.entries()) {
    const name = entry.endpoints[index]?.serviceAccount;
    if (name !== undefined) checkServiceAccount(name, 'serviceAccount', endpoint);
  }
}

/** Checks whom a gate runs as, where its Gateway says so. */
export function validateGateway(gateway: Gateway, object: Fields): void {
  const annotation = 'gateway.istio.io/service-account';
  const name = gateway.metadata.annotations[annotation];
  if (name !== undefined) checkServiceAccount(name, annotation, object.fields('metadata')?.fields('annotations'));
}

function checkServiceAccount(name: string, field: string, fields: Fields | undefined): void {
  if (fields === undefined || isDnsSubdomain(name)) return;
  fields.report('invalid-name', fields.valueSpan(field), `\`${name}\` is not the name of a service account`, {
    hint: 'write lower-case letters, digits, `-` and `.`, beginning and ending with a letter or digit',
  });
}
