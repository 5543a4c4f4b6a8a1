import type { IncomingMessage } from 'node:http';

/** How long an answered client may go on sending its body, so that a closed connection doesn't swallow the answer. */
const lingerMilliseconds = 2000;

/** Reads on, for a while, what is left of the request; resolves at its end. */
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
 * The body of a request up to its end or to where its client left; undefined when it is larger than that, and the rest is left
 * unread. By events: an iterator that is left early destroys the request, and the answer may be lost with it.
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
