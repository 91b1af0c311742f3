/** Two clients and a service; its application answers with the path. */
export const workloads = `
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Pod
metadata: {name: sleep, labels: {app: sleep}}
spec: {serviceAccountName: sleep, containers: [{name: main, image: none}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: stranger}
spec:
  selector: {matchLabels: {app: stranger}}
  template:
    metadata: {labels: {app: stranger}}
    spec: {serviceAccountName: stranger, containers: [{name: main, image: none}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: httpbin
  labels: {app: httpbin}
  annotations: {sallyport/run: exec node app.mjs}
spec: {serviceAccountName: httpbin, containers: [{name: main, image: none, ports: [{containerPort: 8000}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: httpbin}
spec: {selector: {app: httpbin}, ports: [{name: http, port: 8000}]}
`;

/** The application of \`httpbin\`. */
const application = `
import { createServer } from 'node:http';
createServer((request, response) => response.end('hello ' + request.url + '\\n')).listen(process.env.PORT, process.env.HOST);
`;

/** Admits one service account to \`httpbin\`. */
export function admits(serviceAccount: string): string {
  return `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: admits-${serviceAccount}}
spec:
  selector: {matchLabels: {app: httpbin}}
  action: ALLOW
  rules:
    - from: [{source: {principals: [cluster.local/ns/default/sa/${serviceAccount}]}}]
`;
}

/** A waypoint in front of the service, and what it admits: GET by \`sleep\`. */
export const waypoint = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, labels: {istio.io/waypoint-for: service}}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: reads}
spec:
  targetRefs: [{group: '', kind: Service, name: httpbin}]
  action: ALLOW
  rules:
    - from: [{source: {principals: [cluster.local/ns/default/sa/sleep]}}]
      to: [{operation: {methods: [GET], paths: [/public/*]}}]
`;

/** A gateway to the service for clients outside, and what it admits: all but `/private/`. */
export const ingress = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front}
spec:
  gatewayClassName: istio
  listeners: [{name: web, port: 18080, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec: {parentRefs: [{name: front}], rules: [{backendRefs: [{name: httpbin, port: 8000}]}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-private}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: front}]
  action: DENY
  rules: [{to: [{operation: {paths: [/private/*]}}]}]
`;

/** A folder of these. */
export const folder = { 'workloads.yaml': workloads, 'policy.yaml': admits('sleep'), 'app.mjs': application };
