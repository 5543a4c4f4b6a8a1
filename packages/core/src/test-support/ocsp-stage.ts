import type { IncomingMessage, ServerResponse } from 'node:http';
import { startDocumentServer } from './document-server.js';
import { answerOcsp } from '@certgate/x509/test-support/ocsp.js';
import { getStage } from './authority-stage.js';
import type { MadeAuthority } from '@certgate/x509/test-support/revocation.js';

/** Gets the bytes of the request, and returns the bytes of the answer. */
export type Answering = (request: Buffer) => Buffer | Promise<Buffer>;

export interface OcspServer {
  readonly url: string;
  /** The questions that were asked until now. */
  readonly questions: readonly Buffer[];
  answerWith: (answer: Answering) => void;
  /** For answers that are not OCSP answers. */
  respondWith: (respond: (response: ServerResponse) => void) => void;
  close: () => Promise<void>;
}

/** An OCSP responder on this machine that answers as the test says. */
export async function startOcspServer(): Promise<OcspServer> {
  const server = await startDocumentServer('http');
  const questions: Buffer[] = [];
  const listen = (respond: (request: Buffer, response: ServerResponse) => unknown): void => {
    server.answerWith((request, response) => {
      readBody(request)
        .then((body) => {
          questions.push(body);
          return respond(body, response);
        })
        .catch(() => response.destroy());
    });
  };
  const answerWith = (answer: Answering): void => {
    listen(async (request, response) => {
      response.setHeader('content-type', 'application/ocsp-response');
      response.end(await answer(request));
    });
  };
  return {
    url: server.url.replace('trust.json', 'ocsp'),
    questions,
    answerWith,
    respondWith: (respond) => {
      listen((_, response) => {
        respond(response);
      });
    },
    close: () => server.close(),
  };
}

/** Answers of the issuing CA of "corp", about the certificates in the index. */
export function answerFrom(
  index: Readonly<Record<string, string>>,
  more: { readonly responder?: MadeAuthority; readonly options?: readonly string[] } = {},
): Answering {
  return (request) => answerOcsp({ authority: getStage().issuing, request, index, ...more });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
