import { describe, expect, it } from 'vitest';
import { codesOf, complaints, only } from '../load.js';

const pod = (body: string) => `apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n${body}`;
const deployment = (spec: string) => `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: ${spec}\n`;
const service = (spec: string) => `apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: ${spec}\n`;
const slice = (body: string) =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web-1, labels: {kubernetes.io/service-name: web}}\n${body}`;
const secret = (body: string) => `apiVersion: v1\nkind: Secret\nmetadata: {name: cert}\n${body}`;

describe('a Pod', () => {
  it('without status is ready and has no address yet', () => {
    expect(only('Pod', pod('spec: {}\n'))).toMatchObject({
      ready: true,
      addresses: [],
      spec: { serviceAccountName: 'default', hostNetwork: false, ports: [] },
    });
  });

  it('has the ports of its containers and of the init containers that stay', () => {
    const spec = `spec:
  serviceAccountName: web
  hostNetwork: true
  containers:
  - ports: [{containerPort: 80, name: http}, {containerPort: 53, protocol: UDP}]
  initContainers:
  - {name: setup, ports: [{containerPort: 1}]}
  - {name: proxy, restartPolicy: Always, ports: [{containerPort: 90}]}
`;
    expect(only('Pod', pod(spec)).spec).toEqual({
      serviceAccountName: 'web',
      hostNetwork: true,
      ports: [
        { name: 'http', port: 80, protocol: 'TCP' },
        { port: 53, protocol: 'UDP' },
        { port: 90, protocol: 'TCP' },
      ],
    });
  });

  it.each([
    ['{podIP: 10.0.0.7}', true],
    ['{phase: Pending}', false],
    ['{phase: Succeeded, conditions: [{type: Ready, status: "True"}]}', false],
    ['{conditions: [{type: Ready, status: "False"}]}', false],
    ['{conditions: [{type: Ready, status: "True"}]}', true],
  ])('with status %s has readiness %s', (status, ready) => {
    expect(only('Pod', pod(`spec: {}\nstatus: ${status}\n`)).ready).toBe(ready);
  });

  it('has all its addresses, the first one first', () => {
    expect(
      only('Pod', pod('spec: {}\nstatus: {podIP: 10.0.0.7, podIPs: [{ip: 10.0.0.7}, {ip: "fd00::7"}]}\n')).addresses,
    ).toEqual(['10.0.0.7', 'fd00::7']);
    expect(complaints(pod('spec: {}\nstatus: {podIP: 10.0.0.300}\n'))).toEqual(['invalid-address: 10.0.0.300']);
  });

  it('belongs to its controller, a Deployment behind its ReplicaSet', () => {
    const owned = (kind: string, name: string) =>
      only(
        'Pod',
        `apiVersion: v1\nkind: Pod\nmetadata: {name: a, ownerReferences: [{kind: ${kind}, name: ${name}, controller: true}]}\nspec: {}\n`,
      ).owner;
    expect(owned('ReplicaSet', 'web-5d8f')).toEqual({ kind: 'Deployment', name: 'web' });
    expect(owned('StatefulSet', 'db')).toEqual({ kind: 'StatefulSet', name: 'db' });
  });

  it('is refused where a field that is used has another type, and otherwise read past what nobody uses', () => {
    expect(codesOf(pod('spec: {containers: [{ports: [{containerPort: "80"}]}]}\n'))).toEqual(['wrong-type']);
    expect(codesOf(pod('spec: {hostNetwork: "true"}\n'))).toEqual(['wrong-type']);
    expect(codesOf(pod('spec: {hostNetwork: yes, volumes: 5, containers: null}\n'))).toEqual([]);
  });
});

describe('a Deployment', () => {
  it('makes pods from its template', () => {
    expect(
      only(
        'Deployment',
        deployment(
          '{replicas: 3, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b, c: d}}, spec: {serviceAccountName: web}}}',
        ),
      ),
    ).toMatchObject({
      replicas: 3,
      selector: { matchLabels: { a: 'b' } },
      template: { labels: { a: 'b', c: 'd' }, spec: { serviceAccountName: 'web' } },
    });
  });

  it('selects by labels that its pods carry', () => {
    expect(codesOf(deployment('{selector: {matchLabels: {a: b}}, template: {}}'))).toEqual(['selector-misses-template']);
    expect(codesOf(deployment('{selector: {matchExpressions: [{key: a, operator: Exists}]}, template: {}}'))).toEqual([
      'unsupported-selector',
    ]);
    expect(codesOf(deployment('{template: {}}'))).toEqual(['missing-field']);
    expect(codesOf(deployment('{selector: {}, template: {metadata: {labels: {a: "x y"}}}}'))).toEqual(['invalid-label']);
    expect(codesOf(deployment('{selector: {}, template: {}, replicas: -1}'))).toEqual(['out-of-range']);
  });
});

describe('a Service', () => {
  it('has ports with targets, and a selector unless it is empty', () => {
    expect(
      only(
        'Service',
        service(
          '{clusterIP: 10.96.0.7, selector: {a: b}, ports: [{port: 80}, {port: 81, targetPort: 8081, name: http, appProtocol: http}, {port: 82, targetPort: web}]}',
        ),
      ),
    ).toMatchObject({
      type: 'ClusterIP',
      clusterIPs: ['10.96.0.7'],
      selector: { a: 'b' },
      ports: [
        { port: 80, targetPort: 80, protocol: 'TCP' },
        { port: 81, targetPort: 8081, name: 'http', appProtocol: 'http' },
        { port: 82, targetPort: 'web' },
      ],
    });
    expect(only('Service', service('{selector: {}}'))).not.toHaveProperty('selector');
  });

  it('may be headless or external', () => {
    expect(only('Service', service('{clusterIP: None}')).clusterIPs).toEqual(['None']);
    expect(only('Service', service('{type: ExternalName, externalName: db.example}'))).toMatchObject({
      type: 'ExternalName',
      externalName: 'db.example',
    });
  });

  it('is refused with an address or a port that is none', () => {
    expect(complaints(service('{clusterIPs: [10.96.0.7, 10.96.0]}'))).toEqual(['invalid-address: 10.96.0']);
    expect(codesOf(service('{ports: [{port: 0}]}'))).toEqual(['out-of-range']);
    expect(codesOf(service('{ports: [{targetPort: 80}]}'))).toEqual(['missing-field']);
    expect(codesOf(service('{ports: [{port: 80, targetPort: []}]}'))).toEqual(['wrong-type']);
    expect(codesOf(service('{ports: [{port: 80, protocol: tcp}]}'))).toEqual(['unknown-value']);
  });
});

describe('an EndpointSlice', () => {
  it('has endpoints, ready unless they say otherwise', () => {
    expect(
      only(
        'EndpointSlice',
        slice(
          'endpoints: [{addresses: [10.0.0.7], targetRef: {kind: Pod, name: web}}, {addresses: [10.0.0.8], conditions: {ready: false}}]\nports: [{name: http, port: 80}]\n',
        ),
      ),
    ).toMatchObject({
      serviceName: 'web',
      endpoints: [
        { addresses: ['10.0.0.7'], ready: true, target: { kind: 'Pod', name: 'web' } },
        { addresses: ['10.0.0.8'], ready: false },
      ],
      ports: [{ name: 'http', port: 80 }],
    });
  });

  it('has addresses of its type', () => {
    expect(codesOf(slice('addressType: IPv4\nendpoints: [{addresses: [web.example]}]\n'))).toEqual(['invalid-address']);
    expect(codesOf(slice('addressType: FQDN\nendpoints: [{addresses: [web.example]}]\n'))).toEqual([]);
  });
});

describe('a Secret', () => {
  it('of type TLS gives its PEM texts, from data or stringData', () => {
    expect(only('Secret', secret('type: kubernetes.io/tls\ndata: {tls.crt: Y2VydA==, tls.key: a2V5Cg==}\n'))).toMatchObject({
      tlsCertificate: 'cert',
      tlsKey: 'key\n',
    });
    expect(only('Secret', secret('type: kubernetes.io/tls\nstringData: {tls.crt: cert}\ndata: {tls.key: a2V5}\n'))).toMatchObject(
      { tlsCertificate: 'cert', tlsKey: 'key' },
    );
  });

  it('of another type gives nothing', () => {
    const other = only('Secret', secret('data: {password: aHVudGVyMg==}\n'));
    expect(other.type).toBe('Opaque');
    expect(JSON.stringify(other)).not.toContain('aHVudGVyMg');
  });

  it('never shows what it holds in a message', () => {
    const text = secret('type: kubernetes.io/tls\ndata: {tls.crt: "hunter2!", tls.key: hunter2}\n');
    expect(codesOf(text)).toEqual(['bad-base64', 'bad-base64']);
    expect(codesOf(secret('type: kubernetes.io/tls\ndata: {tls.crt: Y2VydA==}\n'))).toEqual(['missing-field']);
  });
});
