/**
 * The canonical text of an IP address, or undefined where the text is none: dotted decimal without leading zeros, IPv6 in
 * lower case as RFC 5952 wants it, IPv4-mapped addresses as IPv4.
 */
export function parseIpAddress(text: string): string | undefined {
  return text.includes(':') ? parseIpv6(text) : isIpv4(text) ? text : undefined;
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => isDecimal(part) && Number(part) <= 255 && String(Number(part)) === part);
}

function isDecimal(text: string): boolean {
  return text.length > 0 && text.length <= 3 && [...text].every((digit) => digit >= '0' && digit <= '9');
}

function parseIpv6(text: string): string | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupsOf);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return formatIpv6([...head, ...new Array<number>(Math.max(missing, 0)).fill(0), ...(tail ?? [])]);
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      if (!isIpv4(part)) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
      groups.push(a * 256 + b, c * 256 + d);
    } else if (isHexGroup(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function isHexGroup(text: string): boolean {
  return text.length >= 1 && text.length <= 4 && [...text.toLowerCase()].every((digit) => '0123456789abcdef'.includes(digit));
}

function formatIpv6(groups: readonly number[]): string {
  const [g6 = 0, g7 = 0] = groups.slice(6);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return [g6 >> 8, g6 & 255, g7 >> 8, g7 & 255].join('.');
  }
  const zeros = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (zeros.length < 2) return hex.join(':');
  return `${hex.slice(0, zeros.start).join(':')}::${hex.slice(zeros.start + zeros.length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (start + length < groups.length && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
