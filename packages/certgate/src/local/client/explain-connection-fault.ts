import { ToolFailure, messageOf } from '../../faults/tool-failure.js';

export interface ConnectionContext {
  readonly url: URL;
  readonly timeoutMilliseconds: number;
  readonly hasCertificate: boolean;
  readonly hasAuthority: boolean;
}

interface Explanation {
  readonly message: string;
  readonly remedy?: string;
}

/** What kept a request from being answered, in words. The request was well formed, so the failure is `no_answer`. */
export function explainConnectionFault(cause: unknown, context: ConnectionContext): ToolFailure {
  const { message, remedy } = explain(cause, context);
  return new ToolFailure(message, {
    kind: 'no_answer',
    cause,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

function explain(cause: unknown, context: ConnectionContext): Explanation {
  const { origin, host, hostname } = context.url;
  const code = findFaultCode(cause);
  switch (code) {
    case 'ECONNREFUSED':
      return {
        message: `Nothing answers at ${host}: the connection was refused.`,
        remedy: 'Check the port, and that the server runs.',
      };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { message: `The name ${hostname} can't be resolved.`, remedy: 'Check the spelling and the network.' };
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return { message: `${host} can't be reached over the network (${code}).` };
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return explainUnknownServer(origin, context.hasAuthority);
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return {
        message: `The certificate of the server ${host} is ${code === 'CERT_HAS_EXPIRED' ? 'expired' : 'not valid yet'}.`,
        remedy: "This is the server's own certificate, not the one you send. Check the clock, then tell its operator.",
      };
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return {
        message: `The certificate of the server is for other names than ${hostname}.`,
        remedy: 'Use the host name that its certificate lists.',
      };
    case 'INVALID_PURPOSE':
      return {
        message: `The certificate of the server ${host} is not meant for servers (extended key usage).`,
        remedy: "This is the server's own certificate, not the one you send: tell its operator.",
      };
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
    case 'TimeoutError':
      return {
        message: `${origin} gave no complete answer within ${context.timeoutMilliseconds / 1000} s.`,
        remedy: 'Raise --timeout, or look at the server.',
      };
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return { message: `${host} does not speak TLS.`, remedy: 'Is it a plain http:// port?' };
    case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
      return { message: `The answer of ${origin} is larger than 64 MiB.` };
    case 'UND_ERR_SOCKET':
    case 'ECONNRESET':
    case 'EPIPE':
      return explainClosed(context);
    default:
      return code !== undefined && /ALERT/.test(code)
        ? explainAlert(host, code, context.hasCertificate)
        : { message: `No answer from ${origin}: ${messageOf(cause)}` };
  }
}

function explainUnknownServer(origin: string, hasAuthority: boolean): Explanation {
  return {
    message: `The server at ${origin} shows a certificate that ${hasAuthority ? 'the file of --cacert does not vouch for' : 'no authority of this machine vouches for'}.`,
    remedy: hasAuthority
      ? "Give --cacert the certificate of the server's authority, or the server's own if it is self-signed."
      : "For a server of your own, pass its certificate or its authority's with --cacert.",
  };
}

/** With TLS 1.3 the client may send its request before the server has judged the certificate, and then just sees the end. */
function explainClosed({ url, hasCertificate }: ConnectionContext): Explanation {
  const message = `${url.host} closed the connection without an answer.`;
  if (url.protocol === 'http:') {
    return { message, remedy: `A port that speaks TLS does so: is it https://${url.host}?` };
  }
  return {
    message,
    remedy: hasCertificate
      ? 'It may refuse this client certificate during the TLS handshake; its log says why.'
      : 'It may require a client certificate: pass one with --certificate.',
  };
}

function explainAlert(host: string, code: string, hasCertificate: boolean): Explanation {
  const alert = code
    .replace(/^ERR_SSL_/, '')
    .replaceAll('_', ' ')
    .toLowerCase();
  return {
    message: hasCertificate
      ? `${host} refused the TLS handshake with this client certificate (${alert}).`
      : `${host} refused the TLS handshake without a client certificate (${alert}).`,
    remedy: hasCertificate
      ? 'The server itself restricts which certificates may connect; ask its operator.'
      : 'Pass a certificate with --certificate.',
  };
}

/** node:net gives an AggregateError when several addresses of one host fail, undici wraps, and an aborted signal has a name only. */
export function findFaultCode(fault: unknown): string | undefined {
  if (!(fault instanceof Error)) return undefined;
  if (fault.name === 'TimeoutError') return 'TimeoutError';
  const inner = [...(fault instanceof AggregateError ? (fault.errors as readonly unknown[]) : []), fault.cause];
  for (const nested of inner) {
    const code = findFaultCode(nested);
    if (code !== undefined) return code;
  }
  const { code } = fault as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : undefined;
}
