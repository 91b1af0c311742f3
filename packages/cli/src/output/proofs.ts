import type { Difference, GateProof } from '@sallyport/policy';

/** How each gate was compared, one line each, and the first request on which one differs. */
export function renderProofs(proofs: readonly GateProof[]): string {
  return proofs.map((proof) => `${lineFor(proof)}\n${proof.difference === undefined ? '' : describe(proof.difference)}`).join('');
}

/** A proof as scripts read it. */
export function proofToJson({ gate, combinations, compared, exhaustive, difference }: GateProof): Record<string, unknown> {
  return {
    gate,
    combinations,
    compared,
    exhaustive,
    difference:
      difference === undefined
        ? null
        : {
            connection: difference.connection,
            request: difference.layer === 'http' ? difference.request : null,
            before: difference.before.effect,
            after: difference.after.effect,
          },
  };
}

function lineFor({ gate, combinations, compared, exhaustive, difference }: GateProof): string {
  const how = exhaustive
    ? `all ${compared} combinations of values`
    : `${compared} requests: all pairs of values and random ones, of ${combinations} combinations`;
  return `${gate}: ${difference === undefined ? `the same for ${how}` : `differs at request ${compared}`}`;
}

function describe({ layer, connection, request, before, after }: Difference): string {
  const { identity, sourceIp, destinationIp, destinationPort, sni, metadata } = connection;
  const lines = [
    `from ${identity ?? 'nobody'} at ${sourceIp} to ${destinationIp}:${destinationPort}`,
    ...(sni === undefined ? [] : [`server name ${sni}`]),
    ...(metadata === undefined ? [] : [`metadata ${JSON.stringify(metadata)}`]),
    ...(layer === 'http' ? [`${request.method} ${request.path}, host ${request.authority}`] : []),
    ...(layer === 'http' ? request.headers.map(([name, value]) => `${name}: ${value}`) : []),
    ...(request.authentication === undefined ? [] : [`token ${JSON.stringify(request.authentication.claims)}`]),
    `before: ${before.effect} (${before.reason}), after: ${after.effect} (${after.reason})`,
  ];
  return lines.map((line) => `  ${line}\n`).join('');
}
