import { FolderSource, type Reading } from '@sallyport/control';

/** Reads the folders and files that a command was given; `-` is standard input. */
export async function readManifests(paths: readonly string[]): Promise<Reading> {
  return new FolderSource(paths, { standardInput: readStandardInput }).read();
}

async function readStandardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
