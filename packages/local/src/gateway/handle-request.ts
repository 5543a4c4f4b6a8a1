import type { IncomingMessage, ServerResponse } from 'node:http';
import { classifyRequest, getCertificateRequestTime } from './client-certificate-mode.js';
import type { ClientConnection } from './client-connection.js';
import { reportExchange, type ExchangeResult } from './exchange-report.js';
import { forwardRequest } from './forward-request.js';
import { findPlayedFrontEnd } from './front-ends/played-front-ends.js';
import type { GatewayAnswer } from './exchange/gateway-exchange.js';
import type { GatewaySettings } from './gateway-options.js';
import { sendGatewayAnswer } from './exchange/gateway-response.js';
import { sendLandingPage, wantsLandingPage } from './landing-page.js';
import type { PeerCertificate } from './peer-certificate.js';
import { getFieldValues, pairRawHeaders } from '../wire/raw-fields.js';
import { buildUpstreamRequestFields } from './exchange/upstream-request-headers.js';
import { announcesBody, expectsContinue, findRequestRefusal, type RequestHead } from './exchange/request-refusals.js';
import { askForCertificateAfterRequestHead } from './tls-renegotiation.js';

export interface GatewayRequest {
  readonly settings: GatewaySettings;
  readonly connection: ClientConnection;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly serverCertificateSummary: string;
}

/** Handles one request, from its head to the report of its outcome. */
export async function handleRequest(received: GatewayRequest): Promise<void> {
  const { settings, connection, request, response } = received;
  if (!connection.takesRequests()) return;
  if (connection.pendingResponses.size >= settings.limits.maxPipelinedRequests) {
    connection.closeAfterPendingResponses();
    return;
  }
  // A write may fail because the client is gone. The `close` event reports that.
  response.on('error', () => undefined);
  await connection.waitForTurn(response);
  if (connection.hasEnded()) return;
  const startedAt = performance.now();
  const head: RequestHead = {
    method: request.method ?? '',
    target: request.url ?? '',
    httpVersion: request.httpVersion,
    fields: pairRawHeaders(request.rawHeaders),
  };
  const result = await answerRequest(received, head);
  // The answer was written to the socket directly, and already reported.
  if (result.answeredBy === 'nobody' && connection.rawAnswer !== undefined) return;
  reportExchange(settings.onExchange, { method: head.method, target: head.target, connection, startedAt }, result);
}

async function answerRequest(received: GatewayRequest, head: RequestHead): Promise<ExchangeResult> {
  const { settings, connection, request, response } = received;
  const refuse = async (answer: GatewayAnswer): Promise<ExchangeResult> => {
    if (response.destroyed || response.headersSent) return { answeredBy: 'nobody' };
    connection.ended = true;
    await sendGatewayAnswer(request, response, answer, expectsContinue(head));
    return { answeredBy: 'gateway', answer };
  };

  const refusal = findRequestRefusal(head, settings.limits.maxHeaderCount);
  if (refusal !== undefined) return refuse(refusal);

  const admission = await admitCertificate(received, head);
  if (connection.hasEnded()) return { answeredBy: 'nobody' };
  if ('answer' in admission) return refuse(admission.answer);

  if (settings.hasLandingPage && wantsLandingPage(head)) {
    await sendLandingPage(response, settings, connection, admission.certificate);
    return { answeredBy: 'gateway', answer: 'landing-page' };
  }
  const outcome = await forwardRequest({
    request,
    response,
    upstream: settings.upstream,
    target: head.target,
    fields: buildUpstreamRequestFields(head, getForwardingFacts(received, admission.certificate)),
    receivedBody: admission.receivedBody,
    hasBody: announcesBody(head.fields),
    waitsForContinue: expectsContinue(head),
    timeoutMilliseconds: settings.limits.upstreamTimeoutMilliseconds,
  });
  switch (outcome.kind) {
    case 'no-answer':
      return refuse(outcome.answer);
    case 'client-aborted':
      return { answeredBy: 'nobody' };
    default:
      return { answeredBy: 'upstream', status: response.statusCode, aborted: outcome.kind === 'upstream-aborted' };
  }
}

type CertificateAdmission =
  | { readonly certificate: PeerCertificate | undefined; readonly receivedBody: readonly Buffer[] }
  | { readonly answer: GatewayAnswer };

/** The certificate that this request passes on to the app. If the mode says so, the gateway asks for it now. */
async function admitCertificate(received: GatewayRequest, head: RequestHead): Promise<CertificateAdmission> {
  const { settings, connection, request } = received;
  const userAgent = getFieldValues(head.fields, 'user-agent')[0];
  const classified = classifyRequest(settings, { target: head.target, userAgent });
  if (classified === 'none') return { certificate: undefined, receivedBody: [] };
  let receivedBody: readonly Buffer[] = [];
  if (getCertificateRequestTime(settings.mode, settings.exclusionPaths) === 'after-request-head') {
    const asked = await askForCertificateAfterRequestHead(connection, request, head.fields, {
      timeoutMilliseconds: settings.limits.handshakeTimeoutMilliseconds,
      waitsForContinue: expectsContinue(head),
    });
    if (asked.outcome !== 'completed') return { answer: asked.outcome };
    receivedBody = asked.receivedBody;
  }
  const { certificate } = connection;
  if (certificate === undefined && classified === 'required') return { answer: 'client-certificate-required' };
  return { certificate, receivedBody };
}

function getForwardingFacts(
  { settings, connection: { socket }, serverCertificateSummary }: GatewayRequest,
  certificate: PeerCertificate | undefined,
): Parameters<typeof buildUpstreamRequestFields>[1] {
  return {
    frontEnd: findPlayedFrontEnd(settings.frontEnd),
    frontEndSecret: settings.frontEndSecret,
    certificate,
    clientAddress: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    clientPort: socket.remotePort ?? 0,
    tlsProtocol: socket.getProtocol(),
    serverCertificateSummary,
    worstCase: settings.worstCase,
    upstreamToken: settings.upstreamToken,
  };
}
