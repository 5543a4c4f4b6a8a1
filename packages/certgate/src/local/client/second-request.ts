import { formatRequestHead, openTls, readTlsFacts, settle, type WireAnswer, type WireRequest } from './wire-request.js';
import { maximumBodyBytes, readNextResponse } from './wire-response.js';

/**
 * What the second of two requests on one connection gets. It is sent when the first is answered. Undefined where the
 * connection ended before.
 */
export async function sendSecondRequest(first: WireRequest, second: WireRequest): Promise<WireAnswer | undefined> {
  const keepAlive: WireRequest = { ...first, fields: [['Connection', 'keep-alive'], ...first.fields] };
  const [firstHead, secondHead] = [formatRequestHead(keepAlive), formatRequestHead(second)];
  const socket = openTls(first);
  const answer = await settle<WireAnswer>(socket, first.timeoutMilliseconds, async () => {
    const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
    socket.write(firstHead);
    const { fields, body } = await readNextResponse(chunks, first.method);
    const isOver =
      body.length >= maximumBodyBytes ||
      fields.some(([name, value]) => name === 'connection' && /\bclose\b/i.test(value));
    if (isOver || socket.destroyed || socket.readableEnded)
      throw Object.assign(new Error('closed'), { code: 'closed' });
    const tls = readTlsFacts(socket);
    socket.write(secondHead);
    return { kind: 'answered', tls, ...(await readNextResponse(chunks, second.method)) };
  });
  return answer.kind === 'closed' ? undefined : answer;
}
