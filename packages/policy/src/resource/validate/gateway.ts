import type { Fields } from '../decode/fields.js';
import type { Gateway } from '../model/gateway-api.js';
import { checkInboundBinding } from './values/inbound-binding.js';
import { checkServiceAccountName } from './values/service-account-name.js';

const accountAnnotation = 'gateway.istio.io/service-account';

/** Checks whom a gate runs as and how it is bound, where its Gateway says so, and that its listeners can be told apart. */
export function validateGateway(gateway: Gateway, object: Fields): void {
  checkInboundBinding(gateway, object);
  const account = gateway.metadata.annotations[accountAnnotation];
  if (account !== undefined)
    checkServiceAccountName(account, accountAnnotation, object.fields('metadata')?.fields('annotations'));
  const seen = new Map<string, Gateway['listeners'][number]>();
  for (const listener of gateway.listeners) {
    const earlier = seen.get(listener.name);
    if (earlier !== undefined) {
      object.report('duplicate-listener', listener.span, `another listener is called \`${listener.name}\` already`, {
        hint: 'give each listener its own name: routes refer to it',
        related: [{ message: 'the other one', span: earlier.span }],
      });
    }
    seen.set(listener.name, earlier ?? listener);
  }
}
