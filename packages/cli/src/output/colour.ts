import type { Paint, Style } from '@sallyport/policy';

const codes: Readonly<Record<Style, string>> = { allow: '32', deny: '1;31', dim: '2', strong: '1' };

/** Whether a stream gets colours: only a terminal, and not where NO_COLOR is set to anything or TERM is `dumb`. */
export function wantsColour(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv = process.env): boolean {
  return stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
}

/** Paints with terminal colours, or not at all. */
export function terminalPaint(colour: boolean): Paint {
  return colour ? (style, text) => (text === '' ? '' : `\u001b[${codes[style]}m${text}\u001b[0m`) : (_, text) => text;
}
