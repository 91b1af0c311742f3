import type { HeaderOption } from '@sallyport/policy';
import { type Header, type HeaderList, headerValues } from './header-list.js';

/** The headers of a response as authorizers want them changed (reference section 2.7), in the order of their wishes. */
export function withResponseHeaders(headers: HeaderList, options: readonly HeaderOption[]): HeaderList {
  return options.reduce(changed, headers);
}

function changed(headers: HeaderList, { name: written, value, append, action }: HeaderOption): HeaderList {
  const name = written.toLowerCase();
  const line: Header = [name, value];
  const there = headerValues(headers, name).length > 0;
  const replaced = (): HeaderList => [...headers.filter(([each]) => each !== name), line];
  if (append !== undefined) return append ? [...headers, line] : replaced();
  switch (action) {
    case 'append-or-add':
      return [...headers, line];
    case 'add-if-absent':
      return there ? headers : [...headers, line];
    case 'overwrite-if-exists':
      return there ? replaced() : headers;
    case 'overwrite-or-add':
      return replaced();
  }
}
