/** One valid object of every kind that is read. */
export const validManifests: readonly string[] = [
  `apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {istio.io/dataplane-mode: ambient}
`,
  `apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
`,
  `apiVersion: v1
kind: Pod
metadata:
  name: web-0
  namespace: shop
  labels: {app: web}
spec:
  serviceAccountName: web
  containers:
  - name: web
    image: web
    ports:
    - {name: http, containerPort: 8080}
status:
  podIP: 10.0.0.7
  conditions:
  - {type: Ready, status: "True"}
`,
  `apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: cart}}
  template:
    metadata:
      labels: {app: cart}
    spec:
      serviceAccountName: cart
      containers:
      - name: cart
        ports: [{containerPort: 9000}]
`,
  `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db}]}
`,
  `apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent}]}
`,
  `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  clusterIP: 10.96.0.7
  selector: {app: web}
  ports:
  - {name: http, port: 80, targetPort: http}
`,
  `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: external-1
  namespace: shop
  labels: {kubernetes.io/service-name: external}
addressType: IPv4
endpoints:
- addresses: [10.0.0.7]
  conditions: {ready: true}
  targetRef: {kind: Pod, name: web-0}
ports:
- {name: http, port: 8080}
`,
  `apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: {name: web-cert, namespace: shop}
data:
  tls.crt: Y2VydGlmaWNhdGU=
  tls.key: a2V5
`,
  `apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: vm, namespace: shop}
spec:
  address: 10.1.0.7
  labels: {app: vm}
  serviceAccount: vm
  ports: {http: 8080}
`,
  `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: payments, namespace: shop}
spec:
  hosts: [payments.example]
  addresses: [240.0.0.7]
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
  - {name: http, number: 80, protocol: HTTP, targetPort: 8080}
  endpoints:
  - {address: 10.1.0.8, labels: {app: payments}}
`,
  `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: istio-waypoint}
spec: {controllerName: istio.io/mesh-controller}
`,
  `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: istio
  listeners:
  - name: https
    port: 443
    protocol: HTTPS
    hostname: shop.example
    allowedRoutes: {namespaces: {from: All}}
    tls:
      certificateRefs: [{name: web-cert}]
`,
  `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  hostnames: [shop.example]
  parentRefs: [{name: edge}]
  rules:
  - matches:
    - path: {type: PathPrefix, value: /cart}
      method: GET
      headers: [{name: x-team, value: web}]
    backendRefs:
    - {name: web, port: 80, weight: 3}
`,
  `apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: db, namespace: shop}
spec:
  parentRefs: [{name: edge, sectionName: tcp}]
  rules:
  - backendRefs: [{name: db, port: 3306}]
`,
  `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    trustDomain: shop.example
    trustDomainAliases: [cluster.local]
    pathNormalization: {normalization: MERGE_SLASHES}
`,
  `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: readers
  namespace: shop
  annotations: {istio.io/dry-run: "false"}
spec:
  selector:
    matchLabels: {app: web}
  action: ALLOW
  rules:
  - from:
    - source:
        principals: [cluster.local/ns/shop/sa/web]
        notIpBlocks: [10.0.0.0/8, "::1"]
    to:
    - operation:
        methods: [GET]
        paths: [/info, "/users/{*}"]
        ports: ["80"]
    when:
    - key: request.headers[x-team]
      values: [web]
      notValues: [admin]
`,
  `apiVersion: security.istio.io/v1beta1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  mtls: {mode: STRICT}
  portLevelMtls:
    8080: {mode: PERMISSIVE}
`,
  `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: login, namespace: shop}
spec:
  targetRefs: [{kind: Service, group: "", name: web}]
  jwtRules:
  - issuer: https://login.example
    jwksUri: https://login.example/keys
    timeout: 5s
`,
  `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {}}
`,
];
