import type { Span } from '../../diagnostic/span.js';
import type { BackendRef, HTTPRoute, HttpRouteMatch, ParentRef, TCPRoute, TLSRoute } from '../model/gateway-api.js';
import type { ResourceBase } from '../model/metadata.js';
import type { Fields } from './fields.js';

const gatewayGroup = 'gateway.networking.k8s.io';
const pathTypes = ['Exact', 'PathPrefix', 'RegularExpression'] as const;
const headerTypes = ['Exact', 'RegularExpression'] as const;
const anyPath: HttpRouteMatch = { path: { type: 'PathPrefix', value: '/' }, headers: [] };

/** Decodes an HTTPRoute. What would change path, host or destination and is not built is an error, never ignored. */
export function decodeHttpRoute(object: Fields, base: ResourceBase): HTTPRoute {
  const spec = object.fields('spec');
  const namespace = base.metadata.namespace;
  return {
    ...base,
    kind: 'HTTPRoute',
    hostnames: spec?.strings('hostnames') ?? [],
    parentRefs: decodeParentRefs(spec, namespace),
    rules: spec?.fieldsList('rules').map((rule) => decodeHttpRule(rule, namespace)) ?? [],
  };
}

/** Decodes a TCPRoute. */
export function decodeTcpRoute(object: Fields, base: ResourceBase): TCPRoute {
  object.require('spec', 'describe the route: `spec: {parentRefs: […], rules: […]}`');
  const spec = object.fields('spec');
  return { ...base, kind: 'TCPRoute', ...decodeConnectionRules(spec, base.metadata.namespace) };
}

/** Decodes a TLSRoute. */
export function decodeTlsRoute(object: Fields, base: ResourceBase): TLSRoute {
  object.require('spec', 'describe the route: `spec: {parentRefs: […], hostnames: […], rules: […]}`');
  const spec = object.fields('spec');
  const hostnames = spec?.strings('hostnames') ?? [];
  return { ...base, kind: 'TLSRoute', hostnames, ...decodeConnectionRules(spec, base.metadata.namespace) };
}

/** What routes of connections have in common: whose they are, and where they lead. */
function decodeConnectionRules(spec: Fields | undefined, namespace: string): Pick<TCPRoute, 'parentRefs' | 'rules'> {
  return {
    parentRefs: decodeParentRefs(spec, namespace),
    rules: spec?.fieldsList('rules').map((rule) => ({ backendRefs: decodeBackends(rule, namespace), span: rule.span })) ?? [],
  };
}

function decodeParentRefs(spec: Fields | undefined, namespace: string): ParentRef[] {
  return (spec?.fieldsList('parentRefs') ?? []).map((ref) => {
    ref.require('name', 'name the Gateway or Service that this route belongs to');
    const sectionName = ref.string('sectionName');
    const port = ref.port('port');
    return {
      group: ref.string('group') ?? gatewayGroup,
      kind: ref.string('kind') ?? 'Gateway',
      namespace: ref.string('namespace') || namespace,
      name: ref.string('name') ?? '',
      ...(sectionName ? { sectionName } : {}),
      ...(port === undefined ? {} : { port }),
      span: ref.span,
    };
  });
}

function decodeHttpRule(rule: Fields, namespace: string): HTTPRoute['rules'][number] {
  refuseFilters(rule);
  const matches = rule.fieldsList('matches').map(decodeMatch);
  return { matches: matches.length === 0 ? [anyPath] : matches, backendRefs: decodeBackends(rule, namespace), span: rule.span };
}

function refuseFilters(owner: Fields): void {
  for (const filter of owner.fieldsList('filters')) {
    const type = filter.string('type') ?? 'filter';
    refuseFeature(owner, filter.span, `filter \`${type}\` is not supported: it would change what is forwarded`);
  }
}

function refuseFeature(fields: Fields, span: Span, message: string): void {
  fields.report('unsupported-route-feature', span, message, {
    hint: 'route by hostname, exact or prefix path, method and exact header',
  });
}

function decodeMatch(match: Fields): HttpRouteMatch {
  if (match.items('queryParams').length > 0)
    refuseFeature(match, match.spanOf('queryParams'), 'matches on query parameters are not supported');
  const method = match.string('method');
  return {
    path: decodePath(match.fields('path')),
    ...(method ? { method } : {}),
    headers: match.fieldsList('headers').map(decodeHeader),
  };
}

function decodePath(path: Fields | undefined): HttpRouteMatch['path'] {
  if (path === undefined) return anyPath.path;
  const type = path.oneOf('type', pathTypes) ?? 'PathPrefix';
  if (type === 'RegularExpression') refuseFeature(path, path.spanOf('type'), 'paths cannot be matched by regular expression');
  const value = path.text('value');
  if (value !== undefined && !value.value.startsWith('/') && type !== 'RegularExpression') {
    path.report('route-path', value.span, `path \`${value.value}\` does not start with \`/\``, {
      hint: `write \`/${value.value}\``,
    });
  }
  return { type, value: value?.value ?? '/' };
}

function decodeHeader(header: Fields): HttpRouteMatch['headers'][number] {
  for (const name of ['name', 'value']) header.require(name, 'a header match has name and value');
  const type = header.oneOf('type', headerTypes) ?? 'Exact';
  if (type === 'RegularExpression')
    refuseFeature(header, header.spanOf('type'), 'headers cannot be matched by regular expression');
  return { type, name: header.string('name') ?? '', value: header.string('value') ?? '' };
}

function decodeBackends(rule: Fields, namespace: string): BackendRef[] {
  return rule.fieldsList('backendRefs').map((ref) => {
    ref.require('name', 'name the Service that receives the traffic');
    refuseFilters(ref);
    const port = ref.port('port');
    return {
      group: ref.string('group') ?? '',
      kind: ref.string('kind') ?? 'Service',
      namespace: ref.string('namespace') || namespace,
      name: ref.string('name') ?? '',
      ...(port === undefined ? {} : { port }),
      weight: ref.integer('weight', 0, 1_000_000) ?? 1,
      span: ref.span,
    };
  });
}
