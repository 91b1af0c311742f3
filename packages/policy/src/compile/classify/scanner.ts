/** Is told which questions of a dimension were answered with yes. */
export interface Hits {
  hit(question: number): void;
}

/**
 * Looks at a text once and knows from then on by a number which questions it answers. The number 0 answers none. Numbers are those of 32 bits
 * from 0 up. One that forgets what its numbers meant says so, and whatever was derived from them has to be forgotten at once.
 */
export interface Scanner {
  scan(text: string): number;
  /** Names the questions behind a number of a scan that has not been forgotten. */
  report(id: number, hits: Hits): void;
}
