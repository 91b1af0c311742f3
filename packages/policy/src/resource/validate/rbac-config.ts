import type { Fields } from '../decode/fields.js';
import type { ClusterRbacConfig, RbacConfig } from '../model/rbac.js';
import { isDnsLabel, isDnsSubdomain } from './names.js';

/** Checks a ClusterRbacConfig or RbacConfig (legacy reference section 1.2). */
export function validateRbacConfig(config: ClusterRbacConfig | RbacConfig, object: Fields): void {
  const { name, nameSpan } = config.metadata;
  if (name !== '' && name !== 'default')
    object.report('rbac-config-name', nameSpan, `a ${config.kind} named \`${name}\` configures nothing`, {
      hint: 'name it `default`',
    });
  checkTarget(config, 'ON_WITH_INCLUSION', 'inclusion', object);
  checkTarget(config, 'ON_WITH_EXCLUSION', 'exclusion', object);
  if (config.mode === 'ON_WITH_INCLUSION' && object.context.dialect.name === 'strict')
    checkIncluded(object.fields('spec')?.fields('inclusion'));
}

/** In `strict` a warning: what includes nothing leaves everything open. Names are compared as they stand (legacy reference section 1.2). */
function checkIncluded(inclusion: Fields | undefined): void {
  if (inclusion === undefined) return;
  for (const name of ['services', 'namespaces']) {
    if (inclusion.has(name) && inclusion.items(name).length === 0)
      inclusion.report('rbac-includes-nothing', inclusion.spanOf(name), `\`${name}\` is empty, and includes nothing`, {
        hint: 'remove it, or write what it should hold',
      });
  }
  for (const { value, span } of inclusion.texts('services')) {
    const host = value.startsWith('*.') ? value.slice('*.'.length) : value;
    if (host.includes('.') && isDnsSubdomain(host)) continue;
    inclusion.report('rbac-includes-nothing', span, `\`${value}\` is the whole host name of no service, and includes none`, {
      hint: 'write a name such as `web.shop.svc.cluster.local`, without wildcards',
    });
  }
  for (const { value, span } of inclusion.texts('namespaces').filter((namespace) => !isDnsLabel(namespace.value)))
    inclusion.report('rbac-includes-nothing', span, `\`${value}\` is not the name of a namespace, and includes none`, {
      hint: 'name the namespaces one by one, without wildcards',
    });
}

function checkTarget(
  config: ClusterRbacConfig | RbacConfig,
  mode: ClusterRbacConfig['mode'],
  target: 'inclusion' | 'exclusion',
  object: Fields,
): void {
  const spec = object.fields('spec');
  if (spec === undefined || config.mode !== mode || config[target] !== undefined) return;
  object.report('rbac-config-target', spec.valueSpan('mode'), `mode ${mode} needs \`${target}\``, {
    hint: `name services or namespaces in \`${target}\`, or write \`${target}: {}\` for none`,
  });
}
