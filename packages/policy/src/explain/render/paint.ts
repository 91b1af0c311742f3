/** What a stretch of output is, for whoever colours it. */
export type Style = 'allow' | 'deny' | 'dim' | 'strong';

/** Colours a stretch of text, or leaves it. */
export type Paint = (style: Style, text: string) => string;

/** No colours at all. */
export const plainPaint: Paint = (_, text) => text;
