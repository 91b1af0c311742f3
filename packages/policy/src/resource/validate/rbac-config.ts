import type { Fields } from '../decode/fields.js';
import type { ClusterRbacConfig, RbacConfig } from '../model/rbac.js';
import { refuseEmpty } from './rules/empty-lists.js';

/** Checks a ClusterRbacConfig or RbacConfig (legacy reference section 1.2). */
export function validateRbacConfig(config: ClusterRbacConfig | RbacConfig, object: Fields): void {
  const { name, nameSpan } = config.metadata;
  if (name !== '' && name !== 'default')
    object.report('rbac-config-name', nameSpan, `a ${config.kind} named \`${name}\` configures nothing`, {
      hint: 'name it `default`',
    });
  checkTarget(config, 'ON_WITH_INCLUSION', 'inclusion', object);
  checkTarget(config, 'ON_WITH_EXCLUSION', 'exclusion', object);
  if (config.mode === 'ON_WITH_INCLUSION') refuseEmpty(object.fields('spec')?.fields('inclusion'), ['services', 'namespaces']);
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
