export type * from './gate.js';
export { type GatewayOptions, startGateway } from './gateway/gateway.js';
export { type AdminServer, type AdminServerOptions, startAdminServer } from './telemetry/admin-server.js';
export type { LogFormat } from './telemetry/log-line.js';
export { createMetricsRegistry } from './telemetry/metrics-registry.js';
export { startWaypoint, type WaypointOptions } from './waypoint/waypoint.js';
export { startZtunnelDestination } from './ztunnel/ztunnel-destination.js';
export { startZtunnelSource } from './ztunnel/ztunnel-source.js';
