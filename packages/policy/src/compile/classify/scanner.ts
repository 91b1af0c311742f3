/** Is told which questions of a dimension were answered with yes. */
export interface Hits {
  hit(question: number): void;
}

/**
 * Looks at a text once and knows from then on by a number which questions it answers. The number 0 answers none, and no number is
 * ever used again for something else, so that whatever was derived from one stays right.
 */
export interface Scanner {
  scan(text: string): number;
  /** Names the questions behind the number of the latest scan, or of any other that says it keeps them. */
  report(id: number, hits: Hits): void;
}
