import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { TestCertificate } from './openssl-certificates.js';

/**
 * How long `runProgram` waits for a program and `readUntil` for a connection, in milliseconds. Then they reject, so the
 * test fails.
 */
const deadlineMilliseconds = 60_000;

export interface ProgramResult {
  readonly exitCode: number | null;
  readonly output: string;
}

/**
 * Runs a program with its input, without a shell. Each step of `input` waits until the program has printed `when`. If
 * there are steps, the input stays open after the last one, so that the program ends only when the gateway ends the
 * connection.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  input: readonly { readonly when: RegExp; readonly write: string }[] = [],
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe' });
    const steps = [...input];
    let output = '';
    let unread = '';
    const timer = setTimeout(() => {
      child.kill();
      reject(new Error(`${program} ran too long. Output:\n${output}`));
    }, deadlineMilliseconds);
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('latin1');
      unread += chunk.toString('latin1');
      for (let step = steps[0]; step?.when.test(unread); step = steps[0]) {
        unread = '';
        child.stdin.write(step.write);
        steps.shift();
      }
    };
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      resolve({ exitCode, output });
    });
    if (input.length === 0) child.stdin.end();
  });
}

/**
 * Calls the gateway with curl, and with a client certificate if one is given. `output` contains the response's head and
 * body.
 */
export function curl(certificate: TestCertificate | undefined, ...args: string[]): Promise<ProgramResult> {
  const files = certificate ? ['--cert', certificate.certificateFile, '--key', certificate.keyFile] : [];
  return runProgram('curl', ['-sk', '-i', '--max-time', '50', ...files, ...args]);
}

export async function connectTls(
  port: number,
  certificate: TestCertificate | undefined,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const identity = certificate ? { cert: certificate.certificatePem, key: certificate.privateKeyPem } : {};
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...identity, ...options });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

/** Everything that the socket receives until it closes, or until the text matches `until`. */
export function readUntil(socket: TLSSocket, until?: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => {
      reject(new Error(`The connection stayed open. Received:\n${text}`));
    }, deadlineMilliseconds);
    const finish = (): void => {
      clearTimeout(timer);
      socket.off('data', onData);
      resolve(text);
    };
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (until?.test(text)) finish();
    };
    socket.on('data', onData);
    socket.once('end', () => socket.end());
    socket.once('close', finish);
  });
}

/** Sends bytes on a new connection, and resolves to everything that comes back until the gateway closes it. */
export async function sendBytes(
  port: number,
  certificate: TestCertificate | undefined,
  bytes: string,
  options: ConnectionOptions = {},
): Promise<string> {
  const socket = await connectTls(port, certificate, options);
  const answer = readUntil(socket);
  socket.write(Buffer.from(bytes, 'latin1'));
  return answer;
}
