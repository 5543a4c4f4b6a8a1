import type { IncomingMessage } from 'node:http';

/**
 * How long a client may go on sending its body after the answer. If the connection were closed at once, the client
 * could lose the answer.
 */
const lingerMilliseconds = 2000;

/** Reads and discards the rest of the request. Resolves at its end, or after a while. */
export function drainRequest(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, lingerMilliseconds);
    const finish = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.once('end', finish).once('close', finish).once('error', finish);
    request.unpipe();
    request.resume();
  });
}

/**
 * Reads the body of a request to its end, or until the client leaves. Undefined if the body is larger than
 * `maximumBytes`; the rest stays unread then. Listens to events, because an iterator that is left early would destroy
 * the request, and the answer could be lost with it.
 */
export function readBodyUpTo(request: IncomingMessage, maximumBytes: number): Promise<readonly Buffer[] | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const keep = (chunk: Buffer): void => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= maximumBytes) return;
      request.off('data', keep).pause();
      resolve(undefined);
    };
    const finish = (): void => {
      resolve(chunks);
    };
    request.on('data', keep).once('end', finish).once('close', finish);
  });
}
