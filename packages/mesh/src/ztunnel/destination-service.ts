import { type Inventory, type ServiceInfo, servicesOf, type Workload } from '@sallyport/policy';

/** What is known of a connection to a workload when its service is looked for. */
export interface ServiceClues {
  readonly workload: Workload;
  /** The workload's own port. */
  readonly port: number;
  /** The service that the CONNECT named itself. */
  readonly asked?: ServiceInfo | undefined;
  /** The host that the client says it wanted; anyone may say anything. */
  readonly forwardedHost?: string | undefined;
}

/**
 * The service that a connection was meant for, for log and metrics alone (reference section 7.4): what the CONNECT names; else of the
 * services that the workload is behind the one that the client names, else the first that leads to the port.
 */
export function destinationService(inventory: Inventory, clues: ServiceClues): ServiceInfo | undefined {
  const { workload, port, asked, forwardedHost } = clues;
  if (asked !== undefined) return asked;
  const candidates = servicesOf(inventory, workload);
  return (
    candidates.find(({ hostname }) => hostname.toLowerCase() === forwardedHost) ??
    candidates.find(({ ports }) => ports.some(({ endpoints }) => leadTo(endpoints, workload, port)))
  );
}

function leadTo(endpoints: ServiceInfo['ports'][number]['endpoints'], workload: Workload, port: number): boolean {
  return endpoints.some((endpoint) => endpoint.port === port && endpoint.workload.key === workload.key);
}
