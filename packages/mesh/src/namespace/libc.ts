import { createRequire } from 'node:module';

/** The system calls that Node.js lacks. Each answers as in C: -1 for a failure, of which `errno` has the number. */
export interface Libc {
  setns(fd: number, kind: number): number;
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Buffer, length: number): number;
  listen(fd: number, backlog: number): number;
  connect(fd: number, address: Buffer, length: number): number;
  close(fd: number): number;
  setsockopt(fd: number, level: number, name: number, value: Buffer, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Buffer, length: Buffer): number;
  inet_pton(family: number, text: string, address: Buffer): number;
  errno(): number;
}

/** What is used of `koffi`, whose own types are not there where it is not installed. */
interface Koffi {
  load(library: null): { func(signature: string): unknown };
  errno(): number;
}

let loaded: Libc | undefined;

/**
 * The C library of this process, through the optional package `koffi`. Throws where that is missing or has no build for this system: only
 * network namespaces need it.
 */
export function libc(): Libc {
  loaded ??= load();
  return loaded;
}

function load(): Libc {
  // Not an import: whoever does not ask for namespaces needs no such package.
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  const library = koffi.load(null);
  const call = <Name extends keyof Libc>(signature: string): Libc[Name] => library.func(signature) as Libc[Name];
  return {
    setns: call<'setns'>('int setns(int fd, int kind)'),
    socket: call<'socket'>('int socket(int family, int type, int protocol)'),
    bind: call<'bind'>('int bind(int fd, void *address, uint32_t length)'),
    listen: call<'listen'>('int listen(int fd, int backlog)'),
    connect: call<'connect'>('int connect(int fd, void *address, uint32_t length)'),
    close: call<'close'>('int close(int fd)'),
    setsockopt: call<'setsockopt'>('int setsockopt(int fd, int level, int name, void *value, uint32_t length)'),
    getsockopt: call<'getsockopt'>('int getsockopt(int fd, int level, int name, void *value, void *length)'),
    inet_pton: call<'inet_pton'>('int inet_pton(int family, const char *text, void *address)'),
    errno: () => koffi.errno(),
  };
}
