/** One parameter of a query, as it was sent and decoded. */
interface Parameter {
  readonly text: string;
  readonly name: string;
  readonly value: string;
}

/** The decoded values of all parameters of a name, in their order. */
export function parametersNamed(path: string, name: string): readonly string[] {
  return parametersOf(path).flatMap((parameter) => (parameter.name === name ? [parameter.value] : []));
}

/** The path without any parameter of a name, whatever its spelling; the others stay as they were sent. */
export function withoutParameter(path: string, name: string): string {
  const kept = parametersOf(path).filter((parameter) => parameter.name !== name);
  return joined(
    path,
    kept.map(({ text }) => text),
  );
}

/**
 * As `withoutParameter`, but as Envoy writes the query anew: in the order of the names, decoded and not encoded again, each with
 * an equals sign.
 */
export function rewrittenWithoutParameter(path: string, name: string): string {
  const kept = parametersOf(path).filter((parameter) => parameter.name !== name);
  const ordered = kept.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return joined(
    path,
    ordered.map((parameter) => `${parameter.name}=${parameter.value}`),
  );
}

function joined(path: string, parameters: readonly string[]): string {
  const query = path.indexOf('?');
  const rest = query < 0 ? path : path.slice(0, query);
  return parameters.length === 0 ? rest : `${rest}?${parameters.join('&')}`;
}

function parametersOf(path: string): Parameter[] {
  const query = path.indexOf('?');
  if (query < 0 || query === path.length - 1) return [];
  return path
    .slice(query + 1)
    .split('&')
    .map((text) => {
      const equals = text.indexOf('=');
      const name = equals < 0 ? text : text.slice(0, equals);
      return { text, name: decodePercent(name), value: equals < 0 ? '' : decodePercent(text.slice(equals + 1)) };
    });
}

/** Percent escapes as the bytes that they stand for; what is no escape stays. */
function decodePercent(text: string): string {
  let decoded = '';
  for (let at = 0; at < text.length; at++) {
    const high = text[at] === '%' ? hexDigit(text[at + 1]) : -1;
    const low = high < 0 ? -1 : hexDigit(text[at + 2]);
    if (low < 0) {
      decoded += text[at];
    } else {
      decoded += String.fromCharCode(high * 16 + low);
      at += 2;
    }
  }
  return decoded;
}

function hexDigit(digit: string | undefined): number {
  return digit === undefined ? -1 : '0123456789abcdef'.indexOf(digit.toLowerCase());
}
