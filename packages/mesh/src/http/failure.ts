import { UpstreamError } from './upstream.js';

/** Anything that was thrown on the way to an application, as a failure that can be answered. */
export function asUpstreamError(error: unknown): UpstreamError {
  return error instanceof UpstreamError ? error : new UpstreamError('UF', 503, messageOf(error), { cause: error });
}

/** What the client is told: which kind of failure, and nothing of the mesh behind. */
export function failureText(error: UpstreamError): string {
  switch (error.flag) {
    case 'UF':
      return 'upstream connect error: connection failure';
    case 'UO':
      return 'upstream connect error: overflow';
    case 'UC':
      return 'upstream connect error: connection termination';
    case 'UH':
      return 'no healthy upstream';
    case 'UT':
      return 'upstream request timeout';
    case 'UPE':
      return 'upstream protocol error';
    case 'NR':
      return 'no route';
    case 'refused':
      return '';
  }
}

/** Envoy's response code details for a failure. */
export function failureDetails(error: UpstreamError): string {
  switch (error.flag) {
    case 'UF':
      return 'upstream_reset_before_response_started{connection_failure}';
    case 'UO':
      return 'upstream_reset_before_response_started{overflow}';
    case 'UC':
      return 'upstream_reset_before_response_started{connection_termination}';
    case 'UH':
      return 'no_healthy_upstream';
    case 'UT':
      return 'response_timeout';
    case 'UPE':
      return 'upstream_reset_before_response_started{protocol_error}';
    case 'NR':
      return 'route_not_found';
    case 'refused':
      return 'request_not_expressible_upstream';
  }
}

/** A failure with its causes, for the log. */
export function describeFailure(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${describeFailure(cause)}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
