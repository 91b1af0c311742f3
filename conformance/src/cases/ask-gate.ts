import {
  type ConnectionAttributes,
  connectionDecider,
  editedHeaders,
  forwardedPath,
  type GateBinding,
  type HeaderLine,
  type Inventory,
  isPermit,
  type RequestAttributes,
  requestDecider,
  type Verdict,
} from '@sallyport/policy';
import { byInlineKeys } from '../recorded/recorded-tokens.js';
import { answerChecks } from './answer-checks.js';
import type { CaseQuery, CaseRequest } from './case.js';
import { findL7Gate, findZtunnel } from './find-gate.js';

/** Every case is judged at this moment, in seconds since 1970. */
const now = 1_900_000_000;

/** What a gate answers, and what it did on the way. */
export interface Asked {
  readonly binding: GateBinding;
  readonly verdict: Verdict;
  /** The path that an allowed request goes on with. */
  readonly path?: string;
  /** The providers that were asked, in order. */
  readonly asked: readonly string[];
  /** The headers that an allowed request goes on with. */
  readonly headers: readonly HeaderLine[];
}

type Question = Omit<CaseQuery, 'expect'>;

/** Puts a question to its gate: authorizers first, then tokens, then policy. Throws an `Error` where the mesh has no such gate. */
export function askGate(inventory: Inventory, question: Question): Asked {
  const { request, answers = {} } = question;
  if (question.layer !== 'ztunnel' && request !== undefined) return askAboutRequest(inventory, question, request);
  const { binding, address } = question.layer === 'ztunnel' ? findZtunnel(inventory, question) : findL7Gate(inventory, question);
  const connection = connectionOf(question, address);
  const decider = connectionDecider(inventory, binding);
  const { authorization, asked } = answerChecks(decider.authorizeConnection(connection), answers);
  return { binding, verdict: decider.connection(connection, authorization), asked, headers: [] };
}

function askAboutRequest(inventory: Inventory, question: Question, request: CaseRequest): Asked {
  const { binding, address } = findL7Gate(inventory, question);
  const connection = connectionOf(question, address);
  const decider = requestDecider(inventory, binding);
  const received = requestOf(request);
  const { authorization, asked } = answerChecks(decider.authorizeRequest(connection, received), question.answers ?? {});
  const judged = decider.authenticate(authorization.request ?? received, { now, signatures: byInlineKeys }).request;
  const verdict = decider.request(connection, judged, authorization);
  const headers = editedHeaders(judged.headers, judged.authentication?.edits);
  return { binding, verdict, ...(isPermit(verdict) ? { path: forwardedPath(verdict, judged) } : {}), asked, headers };
}

function connectionOf({ source, port, metadata }: Question, address: string): ConnectionAttributes {
  const { ip, ...names } = source;
  return {
    ...names,
    sourceIp: ip,
    destinationIp: address,
    destinationPort: port,
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function requestOf({ method = 'GET', path = '/', host = 'api.shop', headers = [], http = 1 }: CaseRequest): RequestAttributes {
  return { method, path, authority: host, headers, httpVersion: http };
}
