import type { Text } from '../../diagnostic/span.js';
import type { Fields } from '../decode/fields.js';
import type { ExtensionProvider } from '../model/extension-provider.js';
import type { MeshConfig } from '../model/istio.js';
import { validateExtensionProvider } from './extension-provider.js';
import { isDnsLabel } from './names.js';

/** Letters of a SPIFFE trust domain; a `/` would move the boundaries inside every identity. */
const trustDomain = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Checks what identities and references are made of in MeshConfig. */
export function validateMeshConfig(config: MeshConfig, fields: Fields): void {
  const trustDomain = fields.text('trustDomain');
  for (const domain of [...(trustDomain === undefined ? [] : [trustDomain]), ...fields.texts('trustDomainAliases')])
    checkTrustDomain(domain, fields);
  if (!isDnsLabel(config.rootNamespace)) {
    fields.report(
      'invalid-name',
      fields.valueSpan('rootNamespace'),
      `\`${config.rootNamespace}\` is not the name of a namespace`,
      {
        hint: 'write lower-case letters, digits and `-`, at most 63',
      },
    );
  }
  checkProviders(config.extensionProviders, fields);
  for (const provider of fields.fieldsList('extensionProviders')) validateExtensionProvider(provider);
}

/** A trust domain becomes part of every identity. */
function checkTrustDomain(domain: Text, fields: Fields): void {
  if (domain.value === '' || (domain.value.length <= 255 && trustDomain.test(domain.value))) return;
  fields.report('mesh-trust-domain', domain.span, `\`${domain.value}\` is not a trust domain`, {
    hint: 'write a DNS name such as `cluster.local`, without scheme or path',
  });
}

/** Policies refer to extension providers by name (reference section 2.7). */
function checkProviders(providers: readonly ExtensionProvider[], fields: Fields): void {
  const seen = new Map<string, ExtensionProvider>();
  for (const provider of providers) {
    const span = provider.span ?? fields.span;
    if (!isDnsLabel(provider.name)) {
      fields.report('mesh-provider', span, `\`${provider.name}\` is not a provider name`, {
        hint: 'write a DNS label: lower-case letters, digits and `-`, at most 63',
      });
    }
    const earlier = seen.get(provider.name);
    if (earlier !== undefined) {
      const related = earlier.span === undefined ? {} : { related: [{ message: 'first declared here', span: earlier.span }] };
      fields.report('mesh-provider', span, `provider \`${provider.name}\` is declared twice`, {
        hint: 'give each provider its own name',
        ...related,
      });
    }
    seen.set(provider.name, earlier ?? provider);
  }
}
