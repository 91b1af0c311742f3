import { describe, expect, it } from 'vitest';
import type { ObjectStatus, StatusOptions } from '../../../src/bind/status/status-condition.js';
import { statuses } from '../../../src/bind/status/statuses.js';
import { buildInventory } from '../../../src/inventory/build-inventory.js';
import { type Dialect, strict, upstream } from '../../../src/resource/dialect.js';
import { loadResources } from '../../../src/resource/load/load-resources.js';
import {
  documents,
  ingress,
  inventoryOf,
  l4Rule,
  l7Rule,
  namespace,
  policy,
  serviceOf,
  waypoint,
} from '../../inventory/manifests.js';

const use = (name: string, more: Readonly<Record<string, string>> = {}) => ({
  labels: { 'istio.io/use-waypoint': name, ...more },
});
const toService = (name = 'web') => ({ targetRefs: [{ group: '', kind: 'Service', name }] });
const toGateway = (name: string) => ({ targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name }] });
const dryRun = { annotations: { 'istio.io/dry-run': 'true' } };

function textOf({ conditions }: ObjectStatus): string[] {
  return conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);
}

function written(key: string, dialect: Dialect, manifests: readonly string[], options: StatusOptions = {}): string[] {
  const [kind, name] = key.split(' ');
  const found = statuses(inventoryOf(documents(...manifests), dialect), options).find(
    (status) => status.kind === kind && `${status.namespace}/${status.name}` === name,
  );
  if (found === undefined) throw new Error(`no status of ${key}`);
  return textOf(found);
}

describe('the status that istiod writes on a policy', () => {
  it.each([
    ['of a namespace', policy('p', { rules: [l4Rule] }), ['ZtunnelAccepted=True Accepted: attached to ztunnel']],
    [
      'that tries out with the flag off, whatever its target',
      policy('p', { ...toService(), rules: [l4Rule] }, dryRun),
      [
        'WaypointAccepted=True Accepted: bound to shop/gate',
        `ZtunnelAccepted=False UnsupportedValue: found policy "shop/p" using dry-run annotation, but support for ambient dry-run authorizationPolicies isn't enabled`,
      ],
    ],
    [
      'that logs',
      policy('p', { action: 'AUDIT', rules: [l4Rule] }),
      ['ZtunnelAccepted=False UnsupportedValue: ztunnel does not support the AUDIT action'],
    ],
    [
      'for a service with a waypoint',
      policy('p', { ...toService(), rules: [l7Rule] }),
      ['WaypointAccepted=True Accepted: bound to shop/gate'],
    ],
    [
      'for a service without',
      policy('p', { ...toService('bare'), rules: [l7Rule] }),
      ['WaypointAccepted=False AncestorNotBound: Service shop/bare is not bound to a waypoint'],
    ],
    [
      'for a service that is not there',
      policy('p', { ...toService('gone'), rules: [l7Rule] }),
      ['WaypointAccepted=False TargetNotFound: Service shop/gone was not found'],
    ],
    [
      'for any gateway',
      policy('p', { ...toGateway('front'), rules: [l7Rule] }),
      ['WaypointAccepted=True Accepted: bound to shop/front'],
    ],
    [
      'for no gateway',
      policy('p', { ...toGateway('gone'), rules: [l7Rule] }),
      ['WaypointAccepted=False TargetNotFound: not bound'],
    ],
    [
      'for a good and a bad target',
      policy('p', { targetRefs: [...toService().targetRefs, ...toGateway('gone').targetRefs], rules: [l7Rule] }),
      ['WaypointAccepted=True PartiallyInvalid: Invalid targetRefs: Gateway.gateway.networking.k8s.io:shop/gone'],
    ],
    [
      'for two good targets',
      policy('p', { targetRefs: [...toService().targetRefs, ...toGateway('gate').targetRefs], rules: [l7Rule] }),
      ['WaypointAccepted=True Accepted: '],
    ],
    [
      'for two bad targets',
      policy('p', { targetRefs: [...toService('gone').targetRefs, ...toService('bare').targetRefs], rules: [l7Rule] }),
      ['WaypointAccepted=False Invalid: Invalid targetRefs: Service.core:shop/gone, Service.core:shop/bare'],
    ],
  ])('%s', (_, manifest, expected) => {
    const mesh = [
      namespace('shop'),
      serviceOf('web', {}, use('gate')),
      serviceOf('bare'),
      waypoint('gate'),
      ingress('front'),
      manifest,
    ];
    expect(written('AuthorizationPolicy shop/p', upstream, mesh)).toEqual(expected);
  });

  const tail = (action: string, ...rules: readonly object[]) => {
    const [text = ''] = written('AuthorizationPolicy shop/p', upstream, [policy('p', { action, rules })]);
    if (text.includes('Within an ALLOW policy')) return 'omitted';
    if (text.includes('no enforceable rules')) return 'no effect';
    return text.includes('is enforced without') ? 'enforced without' : 'nothing said';
  };

  it.each<[string, string, string, readonly object[]]>([
    ['an ALLOW policy omits its rules', 'ALLOW', 'omitted', [l7Rule, l4Rule]],
    ['a DENY policy of HTTP only has no effect', 'DENY', 'no effect', [l7Rule]],
    ['a DENY rule dies of one clause of HTTP only', 'DENY', 'no effect', [{ ...l4Rule, ...l7Rule }]],
    ['a DENY rule beside lives on', 'DENY', 'enforced without', [l7Rule, l4Rule]],
    ['an empty DENY rule lives on', 'DENY', 'enforced without', [l7Rule, {}]],
    [
      'an operation with a port lives on',
      'DENY',
      'enforced without',
      [{ to: [{ operation: { methods: ['GET'], ports: ['80'] } }] }],
    ],
    ['an entry beside lives on', 'DENY', 'enforced without', [{ to: [...l7Rule.to, { operation: { ports: ['80'] } }] }]],
    [
      'a condition on a header has no effect',
      'DENY',
      'no effect',
      [{ ...l4Rule, when: [{ key: 'request.headers[x]', values: ['1'] }] }],
    ],
    [
      'trust domains are dropped, and nothing else is left',
      'DENY',
      'no effect',
      [{ from: [{ source: { trustDomains: ['other'] } }], ...l7Rule }],
    ],
    [
      'trust domains by themselves are not reported',
      'DENY',
      'nothing said',
      [{ from: [{ source: { trustDomains: ['other'] } }] }],
    ],
  ])('%s', (_, action, expected, rules) => {
    expect(tail(action, ...rules)).toBe(expected);
  });

  it('names what was found, sorted, each once', () => {
    const rule = {
      from: [{ source: { notRemoteIpBlocks: ['10.0.0.1'] } }],
      to: [{ operation: { paths: ['/a'], hosts: ['b'] } }, { operation: { paths: ['/b'] } }],
      when: [{ key: 'source.serviceAccount', values: ['a/b'] }],
    };
    const [text] = written('AuthorizationPolicy shop/p', upstream, [policy('p', { rules: [rule] })]);
    expect(text).toContain('(found: hosts, notRemoteIpBlocks, paths, source.serviceAccount).');
  });

  it('tells which generation was judged', () => {
    const conditionsOf = (metadata: object) =>
      statuses(inventoryOf(policy('p', { rules: [l4Rule] }, metadata), upstream))[0]?.conditions.map(
        ({ observedGeneration }) => observedGeneration,
      );
    expect([conditionsOf({}), conditionsOf({ generation: 7 })]).toEqual([[1], [7]]);
  });
});

describe('the status that istiod writes on a service', () => {
  const crossing = use('gate', { 'istio.io/use-waypoint-namespace': 'infra' });
  const canary = (name: string, weight?: string) => ({
    ...use('gate', { 'istio.io/use-waypoint-canary': name }),
    ...(weight === undefined ? {} : { annotations: { 'istio.io/use-waypoint-canary-weight': weight } }),
  });

  it.each<[string, object, readonly string[], string[]]>([
    ['without a waypoint', {}, [waypoint('gate')], []],
    ['with one', use('gate'), [waypoint('gate')], ['True WaypointAccepted: Successfully attached to waypoint shop/gate']],
    ['of the waypoint itself', use('gate', { 'gateway.istio.io/managed': 'istio.io-mesh-controller' }), [waypoint('gate')], []],
    ['that names nothing', use('gone'), [], ['False WaypointIsNotReady: waypoint "shop/gone" is not ready']],
    [
      'that names one without address',
      use('gate'),
      [waypoint('gate', { status: { addresses: [] } })],
      ['False WaypointIsNotReady: waypoint "shop/gate" is not ready'],
    ],
    [
      'that may not attach',
      crossing,
      [waypoint('gate', { metadata: { namespace: 'infra' } })],
      ['False AttachmentDenied: we are not permitted to attach to waypoint "infra/gate" (missing allowedRoutes?)'],
    ],
    [
      'whose waypoint serves workloads',
      use('gate'),
      [waypoint('gate', { metadata: { labels: { 'istio.io/waypoint-for': 'workload' } } })],
      [
        'False UnsupportedTrafficType: attempting to bind to traffic type "service" which the waypoint "shop/gate" does not support',
      ],
    ],
    [
      'that ingress reaches through it',
      use('gate', { 'istio.io/ingress-use-waypoint': 'true' }),
      [waypoint('gate')],
      ['True WaypointAccepted: Successfully attached to waypoint shop/gate. Ingress traffic will traverse the waypoint'],
    ],
    [
      'whose label on ingress is no boolean',
      use('gate', { 'istio.io/ingress-use-waypoint': 'eurt' }),
      [waypoint('gate')],
      [
        'True WaypointAccepted: Successfully attached to waypoint shop/gate. Ingress traffic is not using the waypoint, set the istio.io/ingress-use-waypoint label to true if desired.',
      ],
    ],
    [
      'whose canary is its waypoint',
      canary('gate'),
      [waypoint('gate')],
      [
        'True WaypointAccepted: Successfully attached to waypoint shop/gate. Canary waypoint not attached: canary waypoint "shop/gate" must differ from the primary waypoint',
      ],
    ],
    [
      'whose canary has no weight that is one',
      canary('next', '101'),
      [waypoint('gate'), waypoint('next')],
      [
        'True WaypointAccepted: Successfully attached to waypoint shop/gate. Canary waypoint not attached: canary waypoint "shop/next" has an invalid weight; must be an integer in [0,100]',
      ],
    ],
    [
      'whose canary is not there',
      canary('next', '20'),
      [waypoint('gate')],
      [
        'True WaypointAccepted: Successfully attached to waypoint shop/gate. Canary waypoint not attached: waypoint "shop/next" is not ready',
      ],
    ],
    [
      'with a canary',
      canary('next', '20'),
      [waypoint('gate'), waypoint('next')],
      ['True WaypointAccepted: Successfully attached to waypoint shop/gate'],
    ],
  ])('%s', (_, metadata, others, expected) => {
    const mesh = [namespace('shop'), namespace('infra'), serviceOf('web', {}, metadata), ...others];
    const bound = written('Service shop/web', upstream, mesh);
    expect(bound).toEqual(expected.map((text) => `istio.io/WaypointBound=${text}`));
  });

  it('is silent about a mere name, to which a policy may still be bound', () => {
    const name = serviceOf('web', { type: 'ExternalName', externalName: 'web.example', selector: undefined }, use('gate'));
    const mesh = [name, waypoint('gate'), policy('p', { ...toService(), rules: [l4Rule] })];
    expect(written('Service shop/web', upstream, mesh)).toEqual([]);
    expect(written('AuthorizationPolicy shop/p', upstream, mesh)).toEqual(['WaypointAccepted=True Accepted: bound to shop/gate']);
  });

  it('depends on whether a Gateway without status is ready', () => {
    const mesh = [serviceOf('web', {}, use('gate')), waypoint('gate')];
    const inCluster = written('Service shop/web', upstream, mesh, { unreportedGateways: 'not-ready' });
    expect(inCluster).toEqual(['istio.io/WaypointBound=False WaypointIsNotReady: waypoint "shop/gate" is not ready']);
    expect(written('Service shop/web', upstream, mesh)[0]).toContain('Successfully attached');
  });

  it('leaves out the Service that an ingress gateway would get', () => {
    const kinds = statuses(inventoryOf(documents(namespace('shop'), ingress('front')), upstream)).map(({ kind }) => kind);
    expect(kinds).toEqual([]);
  });
});

describe('the status that istiod writes on a ServiceEntry', () => {
  const entry = (hosts: readonly string[], labels: object = {}) =>
    JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: 'out', namespace: 'shop', labels },
      spec: {
        hosts,
        ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
        resolution: hosts[0]?.startsWith('*') ? 'NONE' : 'DNS',
      },
    });
  const inMesh = (serviceEntryVisibility: object, ...manifests: readonly string[]) => {
    const files = [
      { path: 'mesh.yaml', text: documents(...manifests) },
      { path: 'meshconfig.json', text: JSON.stringify({ serviceEntryVisibility }) },
    ];
    const { inventory } = buildInventory(loadResources(files, upstream).set, upstream);
    return statuses(inventory)
      .filter(({ kind }) => kind === 'ServiceEntry')
      .flatMap(textOf);
  };
  const crossing = { 'istio.io/use-waypoint': 'gate', 'istio.io/use-waypoint-namespace': 'infra' };
  const open = waypoint('gate', {
    metadata: { namespace: 'infra' },
    listener: { allowedRoutes: { namespaces: { from: 'All' } } },
  });

  it('with a wildcard says that it needs a waypoint', () => {
    expect(written('ServiceEntry shop/out', upstream, [entry(['*.example'])])).toEqual([
      'istio.io/WaypointMissing=True NoWaypointForWildcardService: ServiceEntry will not apply until it is bound to a valid waypoint.',
    ]);
  });

  it('that its own namespace alone sees may not have a waypoint elsewhere', () => {
    expect(inMesh({ defaultVisibility: 'NAMESPACE' }, entry(['a.example'], crossing), open)).toEqual([
      'istio.io/VisibilityApplied=True Namespace: ServiceEntry is visible only within its own namespace (NAMESPACE), per mesh serviceEntryVisibility.',
      'istio.io/WaypointBound=False CrossNamespaceWaypointForbidden: cannot bind to waypoint "infra/gate" in another namespace: cross-namespace waypoint binding is not permitted for a ServiceEntry with NAMESPACE visibility',
    ]);
  });

  it('is seen by the first policy whose rules all select its namespace', () => {
    const policies = [
      { visibility: 'NONE', matchingRules: [{ namespaceSelector: { matchLabels: { team: 'b' } } }] },
      { visibility: 'NONE', matchingRules: [{}] },
      { visibility: 'PUBLIC', matchingRules: [{ namespaceSelector: { matchLabels: { team: 'a' } } }] },
    ];
    const shop = namespace('shop', { team: 'a' });
    expect(inMesh({ defaultVisibility: 'NAMESPACE', policies }, shop, entry(['a.example']))).toEqual([
      'istio.io/VisibilityApplied=True Public: ServiceEntry is visible to the entire mesh (PUBLIC).',
    ]);
    expect(inMesh({ defaultVisibility: 'NAMESPACE', policies }, namespace('shop', { team: 'b' }), entry(['a.example']))).toEqual(
      [],
    );
  });
});

describe('the status of strict', () => {
  const own = (...manifests: readonly string[]) =>
    written('AuthorizationPolicy shop/p', strict, [namespace('shop'), serviceOf('web'), ...manifests]).filter((text) =>
      text.startsWith('sallyport/'),
    );

  it.each([
    ['where both agree', policy('p', { rules: [l4Rule] }), undefined],
    ['for HTTP at a ztunnel', policy('p', { rules: [l7Rule] }), 'False WorkloadsClosed: rule 0 uses methods'],
    ['for a service without waypoint', policy('p', { ...toService(), rules: [l7Rule] }), 'False EndpointsClosed: Service'],
    ['for an empty selector', policy('p', { selector: {}, rules: [l4Rule] }), 'True WholeNamespace'],
    ['for what is only logged', policy('p', { action: 'AUDIT', rules: [l4Rule] }), 'True LoggedOnly'],
    [
      'for trust domains',
      policy('p', { rules: [{ from: [{ source: { trustDomains: ['a'] } }] }] }),
      'True EvaluatedAtZtunnel: trustDomains',
    ],
  ])('adds what the gates here do %s', (_, manifest, expected) => {
    const [text] = own(manifest);
    if (expected === undefined) expect(text).toBeUndefined();
    else expect(text).toContain(`sallyport/Enforced=${expected}`);
  });

  it('says on a service that clients refuse to send to it', () => {
    expect(written('Service shop/web', strict, [serviceOf('web', {}, use('gone'))])).toContain(
      'sallyport/Enforced=False WaypointUnavailable: clients refuse to send here: waypoint shop/gone is missing',
    );
  });
});

describe('the status of a WorkloadEntry', () => {
  const entry = (labels: object) =>
    JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'WorkloadEntry',
      metadata: { name: 'vm', namespace: 'shop', labels },
      spec: { address: '10.0.0.7' },
    });
  const serving = (what: string) => waypoint('gate', { metadata: { labels: { 'istio.io/waypoint-for': what } } });
  const bound = (labels: object, ...others: readonly string[]) =>
    written('WorkloadEntry shop/vm', upstream, [entry(labels), ...others]);

  it('tells its waypoint, or why it has none', () => {
    const label = { 'istio.io/use-waypoint': 'gate' };
    expect(bound(label, serving('all'))).toEqual([
      'istio.io/WaypointBound=True WaypointAccepted: Successfully attached to waypoint shop/gate',
    ]);
    expect(bound(label, serving('service'))).toEqual([
      'istio.io/WaypointBound=False UnsupportedTrafficType: attempting to bind to traffic type "workload" which the waypoint "shop/gate" does not support',
    ]);
  });

  it('is silent about a waypoint of the namespace that serves only services', () => {
    const shop = namespace('shop', { 'istio.io/use-waypoint': 'gate' });
    expect(bound({}, shop, serving('service'))).toEqual([]);
  });
});
