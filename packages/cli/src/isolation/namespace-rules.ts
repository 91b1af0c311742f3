import type { NamespacePlan } from './namespace-plan.js';

/** Marks the connections of a gate to its application that bear the client's address: their answers come back to the gate. */
const returnMark = '0x111';
/** Of every socket of a gate in there, as the mesh package makes them. */
const gateMark = '0x539';
/** The way to everybody else. */
const routerAddress = '169.254.1.1';
const routerAddress6 = 'fe80::1';

const ports = { outbound: 15001, plaintext: 15006, hbone: 15008, dns: 15053, socks: 15080 };

/** What is done in a workload's new namespace, as a shell script. Its rules are in force before its interface is up. */
export function namespaceScript(plan: NamespacePlan): string {
  const hasIpv6 = plan.addresses.some(isIpv6);
  return [
    // A container's ports are all its own.
    'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start',
    'for each in all default lo eth0; do echo 0 > /proc/sys/net/ipv4/conf/$each/rp_filter; done',
    ...(hasIpv6 ? enableIpv6 : disableIpv6),
    `nft -f - <<'RULES'\n${workloadRules(plan)}RULES`,
    `ip -batch - <<'LINKS'\n${workloadLinks(plan).join('\n')}\nLINKS`,
    ...(hasIpv6 ? ['-4', '-6'] : ['-4']).map((family) => `ip ${family} -batch - <<'RETURN'\n${returnPath}RETURN`),
  ].join('\n');
}

/** What is done in the new router, as a shell script. */
export function routerScript(): string {
  return [
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    'if [ -e /proc/sys/net/ipv6 ]; then echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; fi',
    `nft -f - <<'RULES'\n${routerRules}RULES`,
    'ip link set lo up',
  ].join('\n');
}

/** What joins namespaces to the router, as a shell script that runs in there. */
export function joinScript(plans: readonly NamespacePlan[]): string {
  const links = plans.flatMap(({ link, addresses }) => [
    `link set ${link} up`,
    `addr add ${routerAddress}/32 dev ${link}`,
    ...addresses.map((address) => `route add ${address} dev ${link}`),
    ...(addresses.some(isIpv6) ? [`addr add ${routerAddress6}/64 dev ${link} nodad`] : []),
  ]);
  return `nft -f - <<'RULES'\n${elements('add', plans)}RULES\nip -batch - <<'LINKS'\n${links.join('\n')}\nLINKS`;
}

/** Undoes `joinScript`; nothing gets through from then on. */
export function leaveScript(plans: readonly NamespacePlan[]): string {
  const links = plans.map(({ link }) => `link del ${link}`);
  return `nft -f - <<'RULES'\n${elements('delete', plans)}RULES\nip -force -batch - <<'LINKS'\n${links.join('\n')}\nLINKS`;
}

/** Answers to a gate's connections stay in the namespace, whatever address they are for. */
const returnPath = `rule add fwmark ${returnMark} lookup 100\nroute add local default dev lo table 100\n`;

const enableIpv6 = ['for each in all default lo eth0; do echo 0 > /proc/sys/net/ipv6/conf/$each/disable_ipv6; done'];
const disableIpv6 = [
  'if [ -e /proc/sys/net/ipv6 ]; then for each in all default eth0; do echo 1 > /proc/sys/net/ipv6/conf/$each/disable_ipv6; done; fi',
];

/**
 * As ambient has it (reference section 7.1), and stricter: what neither a gate nor an answer to one is does not leave, and the ports of
 * the gate are the gate's: without it they are closed, even where the workload itself listens there.
 */
function workloadRules({ gated }: NamespacePlan): string {
  const captured = `iifname "eth0" tcp dport != ${ports.hbone} redirect to :${ports.plaintext}`;
  const admitted = gated ? `tcp dport { ${ports.plaintext}, ${ports.hbone} } accept` : 'meta l4proto tcp accept';
  return `table inet sallyport {
  chain mark-in {
    type filter hook prerouting priority mangle; policy accept;
    iifname "lo" meta mark ${gateMark} ct mark set ${returnMark}
  }
  chain mark-out {
    type route hook output priority mangle; policy accept;
    ct mark ${returnMark} meta mark set ${returnMark}
  }
  chain capture-in {
    type nat hook prerouting priority dstnat; policy accept;
    ${gated ? captured : ''}
  }
  chain capture-out {
    type nat hook output priority -100; policy accept;
    meta mark { ${gateMark}, ${returnMark} } accept
    meta l4proto { tcp, udp } th dport 53 redirect to :${ports.dns}
    ip daddr 127.0.0.0/8 accept
    ip6 daddr ::1 accept
    fib daddr type local tcp dport ${ports.socks} accept
    meta l4proto tcp redirect to :${ports.outbound}
  }
  chain in {
    type filter hook input priority filter; policy drop;
    ct state invalid drop
    tcp dport { ${ports.outbound}, ${ports.plaintext}, ${ports.hbone}, ${ports.dns}, ${ports.socks} } tcp flags & (syn | ack) == syn socket mark != ${gateMark} reject with tcp reset
    iifname "lo" accept
    ct state established accept
    iifname "eth0" ${admitted}
    iifname "eth0" ${neighbours}
  }
  chain out {
    type filter hook output priority filter; policy drop;
    oifname "lo" accept
    ip daddr 127.0.0.0/8 accept
    ip6 daddr ::1 accept
    oifname "eth0" meta l4proto tcp meta mark ${gateMark} accept
    ct mark ${returnMark} accept
    oifname "eth0" meta l4proto tcp ct state established ct direction reply accept
    oifname "eth0" ${neighbours}
    reject
  }
}
`;
}

/** IPv6 finds its neighbours by messages of its own; only the kernel sends them. */
const neighbours = 'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept';

/** TCP between workloads, each with its own address: nobody bears another's. */
const routerRules = `table inet sallyport {
  set own4 { typeof iifname . ip saddr; }
  set own6 { typeof iifname . ip6 saddr; }
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname . ip saddr @own4 meta l4proto tcp accept
    iifname . ip6 saddr @own6 meta l4proto tcp accept
  }
  chain in {
    type filter hook input priority filter; policy drop;
    ${neighbours}
  }
  chain out {
    type filter hook output priority filter; policy drop;
    ${neighbours}
  }
}
`;

function elements(what: 'add' | 'delete', plans: readonly NamespacePlan[]): string {
  return plans
    .flatMap(({ link, addresses }) =>
      addresses.map(
        (address) => `${what} element inet sallyport ${isIpv6(address) ? 'own6' : 'own4'} { "${link}" . ${address} }\n`,
      ),
    )
    .join('');
}

function workloadLinks({ addresses }: NamespacePlan): string[] {
  const ipv6 = addresses.filter(isIpv6);
  return [
    'link set lo up',
    ...addresses.map((address) =>
      isIpv6(address) ? `addr add ${address}/128 dev eth0 nodad` : `addr add ${address}/32 dev eth0`,
    ),
    'link set eth0 up',
    ...(ipv6.length < addresses.length ? [`route add default via ${routerAddress} dev eth0 onlink`] : []),
    ...(ipv6.length > 0 ? [`route add default via ${routerAddress6} dev eth0 onlink`] : []),
  ];
}

function isIpv6(address: string): boolean {
  return address.includes(':');
}
