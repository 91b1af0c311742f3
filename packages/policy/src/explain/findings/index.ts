import type { Finding } from '../finding-context.js';
import { clusterLocalPrincipal } from './cluster-local-principal.js';
import { dialectsDiffer } from './dialects-differ.js';
import { dryRunAtZtunnel } from './dry-run-at-ztunnel.js';
import { ingressSkipsWaypoint } from './ingress-skips-waypoint.js';
import { l7AtZtunnel } from './l7-at-ztunnel.js';
import { neverMatches } from './never-matches.js';
import { plaintextDiffers } from './plaintext-differs.js';
import { policyNotEnforced } from './policy-not-enforced.js';
import { policyOnUnenrolled } from './policy-on-unenrolled.js';
import { policyWithoutWaypoint } from './policy-without-waypoint.js';
import { principalWithScheme } from './principal-with-scheme.js';
import { requestPrincipalTrap } from './request-principal-trap.js';
import { roleAtTcp } from './role-at-tcp.js';
import { roleForAnyone } from './role-for-anyone.js';
import { roleNotInForce } from './role-not-in-force.js';
import { roleRefused } from './role-refused.js';
import { roleWithoutEffect } from './role-without-effect.js';
import { trustDomainsAtZtunnel } from './trust-domains-at-ztunnel.js';
import { unmodelledKind } from './unmodelled-kind.js';
import { unsupportedPolicy } from './unsupported-policy.js';
import { waypointBypass } from './waypoint-bypass.js';
import { waypointCanary } from './waypoint-canary.js';
import { waypointNotAdmitted } from './waypoint-not-admitted.js';
import { waypointUnavailable } from './waypoint-unavailable.js';

/** Every finding, one rule per file. */
export const findings: readonly Finding[] = [
  waypointBypass,
  l7AtZtunnel,
  policyWithoutWaypoint,
  unsupportedPolicy,
  dialectsDiffer,
  plaintextDiffers,
  policyNotEnforced,
  policyOnUnenrolled,
  waypointNotAdmitted,
  waypointUnavailable,
  waypointCanary,
  ingressSkipsWaypoint,
  principalWithScheme,
  clusterLocalPrincipal,
  trustDomainsAtZtunnel,
  dryRunAtZtunnel,
  requestPrincipalTrap,
  neverMatches,
  roleNotInForce,
  roleWithoutEffect,
  roleAtTcp,
  roleForAnyone,
  roleRefused,
  unmodelledKind,
];
