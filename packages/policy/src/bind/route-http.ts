import type { Inventory } from '../inventory/inventory.js';
import type { HTTPRoute, HttpRouteMatch } from '../resource/model/index.js';
import type { HttpRouting } from './route.js';
import { backendsOf } from './route-backends.js';
import { hostOfAuthority, mostSpecificRoutes } from './route-host.js';
import { listenerOf, type RouteParent, routesOf } from './route-parents.js';

/** The part of a request that routes look at; the path is the normalised one that policy matched. */
export interface RoutedRequest {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A match of a rule of a route, with what ranks it. */
interface Candidate {
  readonly match: HttpRouteMatch;
  readonly route: HTTPRoute;
  readonly rule: HTTPRoute['rules'][number];
}

/**
 * Where an L7 gate sends a request: by host name first, the most specific one deciding alone, then by the precedence of the
 * Gateway API (exact path, longest prefix, method, number of headers, oldest route, name, order of rules). A service without
 * HTTPRoutes is its own backend, and its routes match whatever the host.
 */
export function routeHttp(inventory: Inventory, parent: RouteParent, request: RoutedRequest): HttpRouting {
  const routes = routesOf(inventory, inventory.httpRoutes, parent);
  if ('service' in parent && routes.length === 0) {
    return { kind: 'backends', backends: [{ service: parent.service, port: parent.port, weight: 1 }] };
  }
  const eligible =
    'service' in parent ? routes : mostSpecificRoutes(routes, listenerOf(parent)?.hostname, hostOfAuthority(request.authority));
  const found = firstMatch(eligible.flatMap(candidatesOf), request);
  if (found === undefined) return { kind: 'none' };
  if (found === 'unsupported') return { kind: 'invalid', detail: 'a route matches by regular expression, which is not built' };
  return backendsOf(inventory, parent, found.route, found.rule);
}

const anyPath: HttpRouteMatch = { path: { type: 'PathPrefix', value: '/' }, headers: [] };

function candidatesOf(route: HTTPRoute): Candidate[] {
  return route.rules.flatMap((rule) =>
    (rule.matches.length > 0 ? rule.matches : [anyPath]).map((match) => ({ match, route, rule })),
  );
}

/** The best match; a regular expression that might have been it makes the answer unknown. */
function firstMatch(candidates: readonly Candidate[], request: RoutedRequest): Candidate | 'unsupported' | undefined {
  const path = withoutQuery(request.path);
  const matching = candidates.filter(({ match }) => matches(match, path, request));
  if (matching.some(({ match }) => usesRegularExpression(match))) return 'unsupported';
  // A stable sort keeps age, name and order of rules among equals.
  return matching.sort((a, b) => compare(a.match, b.match))[0];
}

function compare(a: HttpRouteMatch, b: HttpRouteMatch): number {
  const exact = Number(b.path.type === 'Exact') - Number(a.path.type === 'Exact');
  const length = b.path.value.length - a.path.value.length;
  const method = Number(b.method !== undefined) - Number(a.method !== undefined);
  return exact || length || method || b.headers.length - a.headers.length;
}

function matches(match: HttpRouteMatch, path: string, { method, headers }: RoutedRequest): boolean {
  return (
    matchesPath(match.path, path) &&
    (match.method === undefined || match.method === method) &&
    match.headers.every((header) => header.type === 'RegularExpression' || headerValue(headers, header.name) === header.value)
  );
}

function usesRegularExpression({ path, headers }: HttpRouteMatch): boolean {
  return path.type === 'RegularExpression' || headers.some(({ type }) => type === 'RegularExpression');
}

function matchesPath({ type, value }: HttpRouteMatch['path'], path: string): boolean {
  switch (type) {
    case 'Exact':
      return path === value;
    case 'PathPrefix':
      return matchesPrefix(value, path);
    case 'RegularExpression':
      return true;
  }
}

/** A prefix of whole segments: `/shop` covers `/shop` and `/shop/cart`, not `/shopping`. */
function matchesPrefix(written: string, path: string): boolean {
  const prefix = written.endsWith('/') ? written.slice(0, -1) : written;
  return path === prefix || path.startsWith(`${prefix}/`);
}

/** Repeated headers count as one line, joined by commas. */
function headerValue(headers: RoutedRequest['headers'], name: string): string | undefined {
  const wanted = name.toLowerCase();
  const values = headers.filter(([key]) => key.toLowerCase() === wanted).map(([, value]) => value);
  return values.length > 0 ? values.join(',') : undefined;
}

function withoutQuery(path: string): string {
  const ends = [path.indexOf('?'), path.indexOf('#')].filter((index) => index >= 0);
  return ends.length > 0 ? path.slice(0, Math.min(...ends)) : path;
}
