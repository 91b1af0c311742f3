export type {
  BoundJwtRule,
  KnownSignatures,
  SignatureResult,
  WantedSignature,
} from './authenticate/token-judge.js';
export { acceptAtWaypoint, acceptAtZtunnel } from './bind/accept.js';
export { asksServerName } from './bind/asks-server-name.js';
export { bindGateway } from './bind/bind-gateway.js';
export { bindWaypoint } from './bind/bind-waypoint.js';
export { bindZtunnel } from './bind/bind-ztunnel.js';
export type * from './bind/binding.js';
export { describeUnbound } from './bind/describe-unbound.js';
export { resolveHost } from './bind/resolve-host.js';
export { resolveServiceWaypoint, resolveWorkloadWaypoint } from './bind/resolve-waypoint.js';
export type * from './bind/roles/role-scope.js';
export type * from './bind/route.js';
export { routeHttp } from './bind/route-http.js';
export { routeFromGate, routeFromWorkload } from './bind/route-outbound.js';
export type { RouteParent } from './bind/route-parents.js';
export { routeTcp } from './bind/route-tcp.js';
export { routeTls } from './bind/route-tls.js';
export type { ObjectStatus, StatusCondition, StatusOptions } from './bind/status/status-condition.js';
export { statuses } from './bind/status/statuses.js';
export type * from './decide/decider.js';
export { connectionDecider, requestDecider } from './decide/index.js';
export { type RoleDecider, roleDecider } from './decide/role-decider.js';
export { type DiagnosticCode, diagnosticCodes } from './diagnostic/codes/index.js';
export * from './diagnostic/diagnostic.js';
export { type RenderOptions, renderDiagnostic } from './diagnostic/render.js';
export * from './diagnostic/span.js';
export { type CheckedFiles, check, checkFiles } from './explain/check.js';
export { compareExplanations } from './explain/compare.js';
export { explain } from './explain/explain.js';
export type * from './explain/explanation.js';
export { parseQuestion } from './explain/question/parse-question.js';
export type { Client, Question, QuestionProblem, QuestionText, Target } from './explain/question/question.js';
export { describeReason } from './explain/render/describe-reason.js';
export type { Paint, Style } from './explain/render/paint.js';
export { type ExplanationRenderOptions, renderExplanation } from './explain/render/render-explanation.js';
export { buildInventory } from './inventory/build-inventory.js';
export type { BuiltInventory } from './inventory/built-inventory.js';
export type * from './inventory/inventory.js';
export { parseIpAddress } from './inventory/ip-address.js';
export { nextInventory } from './inventory/next-inventory.js';
export { type Migration, migrate } from './migrate/migrate.js';
export type { Difference, GateProof } from './migrate/prove/prove.js';
export { joinsLines } from './reference/headers.js';
export { type NormalizedPath, normalizePath } from './reference/path/normalize-path.js';
export * from './resource/dialect.js';
export { type LoadedResources, loadResources } from './resource/load/load-resources.js';
export { type NextResources, nextResources } from './resource/load/next-resources.js';
export * from './resource/model/index.js';
export type * from './verdict/attributes.js';
export { editedHeaders } from './verdict/edited-headers.js';
export type * from './verdict/ext-authz.js';
export { type RemoteAddressInput, remoteAddress } from './verdict/remote-address.js';
export * from './verdict/verdict.js';
