import { type ConnectionOptions, type TLSSocket, connect } from 'node:tls';
import type { Caller, Certificates } from './callers.js';

export interface Answer {
  readonly status: number;
  /** The status line and the header fields, as they came. */
  readonly head: string;
  readonly body: string;
}

/**
 * A client's TLS connection that can send any bytes, because no HTTP library would send the requests of these tests.
 */
export class TlsConnection {
  /** The newest session that the server offered for resumption. */
  session: Buffer | undefined;
  readonly socket: TLSSocket;
  #received = '';
  #wake: () => void = () => undefined;
  #fault: Error | undefined;
  #ended = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('session', (session: Buffer) => (this.session = session));
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#wake();
    });
    socket.on('error', (error: Error) => {
      this.#fault = error;
      this.#wake();
    });
    // If the server ends the connection during a handshake, Node's client keeps the waiting request and never closes.
    // So `end` wakes the waiting request too.
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
    // Ends the connection after a time that no working proxy needs. Otherwise the test would wait forever.
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 seconds')));
  }

  /**
   * Rejects if the handshake fails. In TLS 1.3, a refused certificate shows only when the client waits for an answer.
   */
  static async open(
    port: number,
    { server }: Certificates,
    caller: Caller | undefined,
    options: ConnectionOptions = {},
  ): Promise<TlsConnection> {
    const own = caller === undefined ? {} : { cert: caller.cert, key: caller.key };
    const common = { host: '127.0.0.1', port, servername: 'localhost', ca: server.cert, ALPNProtocols: ['http/1.1'] };
    const connection = new TlsConnection(connect({ ...common, ...own, ...options }));
    const { socket } = connection;
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
      socket.once('close', () => {
        reject(new Error('closed in the handshake'));
      });
    });
    return connection;
  }

  /** Sends a request, byte for byte in Latin-1, and waits for the complete answer. */
  async ask(request: string): Promise<Answer> {
    this.socket.write(request, 'latin1');
    for (;;) {
      const answer = this.#takeAnswer();
      if (answer !== undefined) return answer;
      if (this.#fault !== undefined) throw this.#fault;
      if (this.#ended) throw new Error(`The connection ended after ${JSON.stringify(this.#received)}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    this.socket.destroy();
  }

  #takeAnswer(): Answer | undefined {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end === -1) return undefined;
    const head = this.#received.slice(0, end);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    const start = end + 4;
    const stop = length === undefined ? this.#received.length : start + Number(length);
    if (this.#received.length < stop || (length === undefined && !this.#ended)) return undefined;
    const body = this.#received.slice(start, stop);
    this.#received = this.#received.slice(stop);
    return { status, head, body };
  }
}
