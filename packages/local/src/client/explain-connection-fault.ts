import { ToolFailure, messageOf } from '../tool-failure.js';

export interface ConnectionContext {
  readonly url: URL;
  readonly timeoutMilliseconds: number;
  readonly hasCertificate: boolean;
  readonly hasAuthority: boolean;
}

type MessageWithRemedy = readonly [message: string, remedy?: string];

/** Explains why a request got no complete answer. The kind of the failure is `no_answer`. */
export function explainConnectionFault(cause: unknown, context: ConnectionContext): ToolFailure {
  const [message, remedy] = explain(cause, context);
  return new ToolFailure(message, { kind: 'no_answer', cause, ...(remedy === undefined ? {} : { remedy }) });
}

function explain(cause: unknown, context: ConnectionContext): MessageWithRemedy {
  const { origin, host, hostname } = context.url;
  const code = findFaultCode(cause);
  switch (code) {
    case 'ECONNREFUSED':
      return [`Nothing answers at ${host}: the connection was refused.`, 'Check the port, and that the server runs.'];
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [`The name ${hostname} can't be resolved.`, 'Check the spelling and the network.'];
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return [`${host} can't be reached over the network (${code}).`];
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return explainUnknownServer(origin, context.hasAuthority);
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return [
        `The certificate of the server ${host} is ${code === 'CERT_HAS_EXPIRED' ? 'expired' : 'not valid yet'}.`,
        "This is the server's own certificate, not the one you send. Check the clock, then tell its operator.",
      ];
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return [
        `The certificate of the server is for other names than ${hostname}.`,
        'Use the host name that its certificate lists.',
      ];
    case 'INVALID_PURPOSE':
      return [
        `The certificate of the server ${host} is not meant for servers (extended key usage).`,
        "This is the server's own certificate, not the one you send: tell its operator.",
      ];
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
    case 'TimeoutError':
      return [
        `${origin} gave no complete answer within ${context.timeoutMilliseconds / 1000} s.`,
        'Raise --timeout, or look at the server.',
      ];
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return [`${host} does not speak TLS.`, 'Is it a plain http:// port?'];
    case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
      return [`The answer of ${origin} is larger than 64 MiB.`];
    case 'UND_ERR_SOCKET':
    case 'ECONNRESET':
    case 'EPIPE':
      return explainClosed(context);
    default:
      if (code !== undefined && /ALERT/.test(code)) return explainAlert(host, code, context.hasCertificate);
      return [`No answer from ${origin}: ${messageOf(cause)}`];
  }
}

function explainUnknownServer(origin: string, hasAuthority: boolean): MessageWithRemedy {
  if (hasAuthority)
    return [
      `The server at ${origin} shows a certificate that the file of --cacert does not vouch for.`,
      "Give --cacert the certificate of the server's authority, or the server's own if it is self-signed.",
    ];
  return [
    `The server at ${origin} shows a certificate that no authority of this machine vouches for.`,
    "For a server of your own, pass its certificate or its authority's with --cacert.",
  ];
}

/**
 * Explains a closed connection. In TLS 1.3 the client may send its request before the server has checked the
 * certificate, so a refusal can look like a mere end of the connection.
 */
function explainClosed({ url, hasCertificate }: ConnectionContext): MessageWithRemedy {
  const message = `${url.host} closed the connection without an answer.`;
  if (url.protocol === 'http:') return [message, `A port that speaks TLS does so: is it https://${url.host}?`];
  if (hasCertificate)
    return [message, 'It may refuse this client certificate during the TLS handshake; its log says why.'];
  return [message, 'It may require a client certificate: pass one with --certificate.'];
}

function explainAlert(host: string, code: string, hasCertificate: boolean): MessageWithRemedy {
  const alert = code
    .replace(/^ERR_SSL_/, '')
    .replaceAll('_', ' ')
    .toLowerCase();
  if (hasCertificate)
    return [
      `${host} refused the TLS handshake with this client certificate (${alert}).`,
      'The server itself restricts which certificates may connect; ask its operator.',
    ];
  return [
    `${host} refused the TLS handshake without a client certificate (${alert}).`,
    'Pass a certificate with --certificate.',
  ];
}

/**
 * The code of a fault, from its innermost error that has one. node:net throws an AggregateError if several addresses of
 * a host fail, and undici wraps errors. The error of an expired time limit is known by its name, because its code is a
 * number. Undefined if there is no code.
 */
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
