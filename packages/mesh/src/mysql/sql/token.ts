/** One token of a statement. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'variable' | 'symbol';
  /** What the parser is given: of a text that is no plain one, a stand-in, as no table is named in it. */
  readonly text: string;
  /** Whether something stood between it and the token before: white space or a comment. */
  readonly spaced: boolean;
}

/** Whether a token is one of these words, which are in upper case. Quoted, a word is a name. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toUpperCase());
}

/** Whether a token is this symbol. */
export function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.text === symbol;
}

/** The text that tokens stand for. */
export function textOf(tokens: readonly Token[]): string {
  return tokens.map(({ text, spaced }) => (spaced ? ` ${text}` : text)).join('');
}
