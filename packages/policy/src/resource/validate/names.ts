const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const qualified = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** A DNS label of at most 63 characters: the name of a namespace, for one. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && label.test(text);
}

/** A DNS subdomain of at most 253 characters: the name of nearly everything else. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && subdomain.test(text);
}

/** A label key: a name of at most 63 characters, with an optional DNS subdomain and `/` before it. */
export function isLabelKey(text: string): boolean {
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  return (slash === -1 || isDnsSubdomain(text.slice(0, slash))) && name.length <= 63 && qualified.test(name);
}

/** A label value: empty, or at most 63 characters of a name. */
export function isLabelValue(text: string): boolean {
  return text === '' || (text.length <= 63 && qualified.test(text));
}
