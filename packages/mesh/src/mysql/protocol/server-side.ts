import { type Greeting, readGreeting } from './greeting.js';
import { encodePacket } from './packet.js';
import { PacketFramer, type PacketHead } from './packet-framer.js';
import { ProtocolError } from './protocol-error.js';
import { checkMode, Response, type ResponseKind, type ResponseOutcome, statusOf } from './response.js';

/** What the client may say next. Nothing, until the server has had its say. */
export type Turn =
  | { readonly kind: 'login'; readonly greeting: Greeting }
  | { readonly kind: 'authenticate'; readonly sequence: number }
  | { readonly kind: 'command' }
  | { readonly kind: 'file'; readonly sequence: number }
  | { readonly kind: 'over' };

type Phase = 'greeting' | 'authenticating' | 'idle' | 'answering';

const kept = 1024;

/**
 * Follows what the server says, to know whose turn it is. The client is heard only when it is its turn, so that each thing that it says is
 * known for what it is, and an answer of ours never stands between the parts of one of the server's.
 */
export class ServerSide {
  readonly #framer = new PacketFramer(kept);
  #phase: Phase = 'greeting';
  #turn: Turn | undefined;
  #response: Response | undefined;
  #capabilities = 0;
  #held: Buffer[] = [];
  #answered: ((outcome: ResponseOutcome) => void) | undefined;
  #waiting: ((turn: Turn) => void) | undefined;

  /** Takes bytes of the server; returns those for the client. Throws ProtocolError for what no MySQL server says. */
  push(chunk: Buffer): Buffer {
    const relayed: Buffer[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      const greeting = this.#phase === 'greeting';
      const { used, packet } = this.#framer.push(rest);
      (greeting ? this.#held : relayed).push(rest.subarray(0, used));
      rest = rest.subarray(used);
      if (packet === undefined) continue;
      const instead = this.#packet(packet);
      if (greeting) relayed.push(instead ?? Buffer.concat(this.#held.splice(0)));
    }
    if (this.#held.reduce((sum, { length }) => sum + length, 0) > kept + 4) throw new ProtocolError('the greeting is too long');
    return Buffer.concat(relayed);
  }

  /** Hands out the turns that the last bytes gave, once the client has been sent them. */
  release(): void {
    if (this.#turn === undefined || this.#waiting === undefined) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting(this.#turn);
  }

  /** Waits until it is the client's turn. */
  turn(): Promise<Turn> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.release();
    });
  }

  /** The client logs in, or changes its user: the server may ask for more before it answers. */
  authenticate(capabilities: number, answered: (outcome: ResponseOutcome) => void): void {
    this.#capabilities = capabilities;
    this.#phase = 'authenticating';
    this.#answered = answered;
    this.#turn = undefined;
  }

  /** The client has given what it was asked for in its login. */
  authenticated(): void {
    this.#turn = undefined;
  }

  /** A command goes to the server, which answers it. */
  expect(kind: ResponseKind, answered: (outcome: ResponseOutcome) => void): void {
    this.#response = new Response(kind, this.#capabilities);
    this.#phase = 'answering';
    this.#answered = answered;
    this.#turn = undefined;
  }

  /** The server has ended its side: the client may only do the same. */
  ended(): void {
    this.#turn = { kind: 'over' };
    this.release();
  }

  /** The client has sent the whole file. */
  fileSent(): void {
    this.#response?.fileSent();
    this.#turn = undefined;
  }

  #packet(packet: PacketHead): Buffer | undefined {
    switch (this.#phase) {
      case 'greeting':
        return this.#greeting(packet);
      case 'authenticating':
        this.#authentication(packet);
        return undefined;
      case 'answering':
        this.#answer(packet);
        return undefined;
      case 'idle':
        // A server says nothing by itself, except why it hangs up.
        if (packet.head[0] !== 0xff) throw new ProtocolError('the server speaks out of turn');
        this.#turn = { kind: 'over' };
        return undefined;
    }
  }

  #greeting({ head, length, sequence }: PacketHead): Buffer | undefined {
    if (head[0] === 0xff) {
      this.#phase = 'idle';
      this.#turn = { kind: 'over' };
      return undefined;
    }
    if (length > kept) throw new ProtocolError('the greeting is too long');
    const greeting = readGreeting(head);
    checkMode(greeting.status);
    this.#phase = 'idle';
    this.#turn = { kind: 'login', greeting };
    this.#held = [];
    return encodePacket(sequence, greeting.offered);
  }

  #authentication({ head, sequence }: PacketHead): void {
    const [first, second] = head;
    if (first === 0x00) {
      checkMode(statusOf(head));
      this.#finish({ ok: true }, { kind: 'command' });
    } else if (first === 0xff) {
      this.#finish({ ok: false }, { kind: 'over' });
    } else if (first === 0x01 && second === 0x03) {
      // The server knows the password already, and asks for nothing.
    } else {
      this.#turn = { kind: 'authenticate', sequence };
    }
  }

  #answer(packet: PacketHead): void {
    if (this.#turn?.kind === 'file') throw new ProtocolError('the server does not wait for the file that it asked for');
    const progress = this.#response?.packet(packet) ?? 'more';
    if (progress === 'more') return;
    if (progress === 'file') this.#turn = { kind: 'file', sequence: packet.sequence };
    else this.#finish(progress, { kind: 'command' });
  }

  #finish(outcome: ResponseOutcome, turn: Turn): void {
    this.#phase = 'idle';
    this.#turn = turn;
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(outcome);
  }
}
