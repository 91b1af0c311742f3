import { Socket, type SocketConstructorOpts } from 'node:net';

/** The part of a socket's handle that reads into a buffer of ours. */
interface DirectHandle {
  useUserBuffer(buffer: Uint8Array): void;
}

/** Where Node.js keeps what the option `onread` sets. */
interface OnReadKeys {
  readonly buffer: symbol;
  readonly callback: symbol;
}

/**
 * `onread` of `net.connect` reads into one buffer again and again, where otherwise each read has a buffer of its own: at gigabits a second those
 * alone keep V8 collecting garbage, a third of a gate's time. Sockets that a server accepts cannot be given the option, so it is set here as Node.js itself
 * does it, with the keys that a socket which was given the option shows. A Node.js that does it otherwise shows none, and nothing is changed.
 */
const keys = findKeys();

function findKeys(): OnReadKeys | undefined {
  const buffer = Buffer.alloc(1);
  const callback = (): boolean => true;
  const probe = new Socket({ onread: { buffer, callback } } as SocketConstructorOpts);
  const valueUnder = (key: symbol): unknown => Reflect.get(probe, key);
  const symbols = Object.getOwnPropertySymbols(probe);
  const found = {
    buffer: symbols.find((key) => valueUnder(key) === buffer),
    callback: symbols.find((key) => valueUnder(key) === callback),
  };
  probe.destroy();
  return found.buffer === undefined || found.callback === undefined ? undefined : (found as OnReadKeys);
}

/**
 * Has a connected socket read into `buffer` from now on. Bytes go to `take`, are its for the length of the call, and never to the readable side, which still tells of
 * the end; `pause` and `resume` work as before. Bytes that were read before are not affected: whoever calls this takes them
 * first. False, and nothing has changed, where this Node.js cannot.
 */
export function readDirectly(socket: Socket, buffer: Buffer, take: (bytes: Buffer) => void): boolean {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (keys === undefined || !isDirect(handle) || !(keys.buffer in socket)) return false;
  handle.useUserBuffer(buffer);
  Reflect.set(socket, keys.callback, (length: number) => {
    take(buffer.subarray(0, length));
    return true;
  });
  Reflect.set(socket, keys.buffer, buffer);
  return true;
}

function isDirect(handle: unknown): handle is DirectHandle {
  return typeof handle === 'object' && handle !== null && 'useUserBuffer' in handle && typeof handle.useUserBuffer === 'function';
}
