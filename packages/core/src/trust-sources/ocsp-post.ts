import type { IncomingMessage, RequestOptions } from 'node:http';
import { readCappedBody } from './capped-body.js';
import { loadHttp } from './http-modules.js';
import { redactUrl } from './redacted-url.js';

/** Far more than an answer for one certificate, with the responder's own, can have. */
const maximumResponseLength = 64 * 1024;

/**
 * One POST of an OCSP request (RFC 6960 appendix A.1), without redirects, proxies or kept connections. Plain HTTP is what
 * responders speak: the answer is signed and holds the nonce of the question.
 *
 * @throws {Error} (as a rejection) when there is no whole answer of 200.
 */
export async function postOcspRequest(url: URL, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const response = await sendRequest(url, body, signal);
  try {
    if (response.statusCode !== 200) throw new Error(`${redactUrl(url)} answered ${response.statusCode ?? 'nothing'}`);
    return await readCappedBody(response as AsyncIterable<Buffer>, maximumResponseLength, undefined);
  } finally {
    response.destroy();
  }
}

async function sendRequest(url: URL, body: Uint8Array, signal: AbortSignal): Promise<IncomingMessage> {
  const { plain, secure } = await loadHttp();
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      method: 'POST',
      agent: false,
      signal,
      headers: {
        'content-type': 'application/ocsp-request',
        accept: 'application/ocsp-response',
        'content-length': body.length,
      },
    };
    const request =
      url.protocol === 'http:'
        ? plain.request(url, options, resolve)
        : // NODE_TLS_REJECT_UNAUTHORIZED=0 must not open this one.
          secure.request(url, { ...options, rejectUnauthorized: true }, resolve);
    request.on('error', (error) => {
      reject(new Error(`${redactUrl(url)} can't be reached: ${error.message}`));
    });
    request.end(body);
  });
}
