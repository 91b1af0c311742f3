/** One command of a console block in a Markdown file, with the output that the page shows for it. */
export interface Example {
  readonly file: string;
  readonly line: number;
  readonly command: string;
  /** Expected lines, `…` standing for any text; empty means that only the exit status is checked. */
  readonly output: readonly string[];
}

/**
 * The commands of all ```console blocks of a Markdown text. A line that starts with `$ ` is a command (`\` continues it), the lines after it
 * are its output. Blocks whose info string ends in `not-run` are for show: they would not end, or repeat what another test runs.
 */
export function consoleExamples(file: string, markdown: string): Example[] {
  const examples: Example[] = [];
  let open: { line: number; command: string; output: string[] } | undefined;
  let inside = false;
  const finish = () => {
    if (open) examples.push({ file, ...open, output: trimBlank(open.output) });
    open = undefined;
  };
  markdown.split('\n').forEach((text, index) => {
    if (!inside) {
      inside = text.trim() === '```console';
      return;
    }
    if (text.trim() === '```') {
      finish();
      inside = false;
    } else if (text.startsWith('$ ')) {
      finish();
      open = { line: index + 1, command: text.slice(2), output: [] };
    } else if (open && open.output.length === 0 && open.command.endsWith('\\')) {
      open.command = `${open.command.slice(0, -1)}${text.trim()}`;
    } else open?.output.push(text);
  });
  return examples;
}

function trimBlank(lines: readonly string[]): string[] {
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return lines.slice(0, last + 1);
}

/** Whether printed text is what the page shows, `…` in a line matching any text and `…` alone any number of lines. */
export function matchesShown(shown: readonly string[], printed: readonly string[]): boolean {
  const [first, ...rest] = shown;
  if (first === undefined) return printed.length === 0;
  if (first.trim() === '…') return printed.some((_, index) => matchesShown(rest, printed.slice(index))) || rest.length === 0;
  const [line, ...others] = printed;
  return line !== undefined && matchesLine(first.trimEnd(), line.trimEnd()) && matchesShown(rest, others);
}

function matchesLine(shown: string, printed: string): boolean {
  const parts = shown.split('…');
  if (parts.length === 1) return shown === printed;
  let position = 0;
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1) return printed.endsWith(part) && printed.length - part.length >= position;
    const found = printed.indexOf(part, position);
    if (found < 0 || (index === 0 && found !== 0)) return false;
    position = found + part.length;
  }
  return true;
}
