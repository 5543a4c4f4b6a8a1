import type { ClientConnection } from './client-connection.js';
import {
  gatewayAnswers,
  type ExchangeListener,
  type GatewayAnswer,
  type GatewayExchange,
} from './exchange/gateway-exchange.js';

export type ExchangeResult =
  | { readonly answeredBy: 'gateway'; readonly answer: GatewayAnswer }
  | { readonly answeredBy: 'upstream'; readonly status: number; readonly aborted: boolean }
  | { readonly answeredBy: 'nobody' };

export interface ObservedRequest {
  readonly method: string;
  readonly target: string;
  readonly connection: ClientConnection;
  /** The time from `performance.now()`, in milliseconds. */
  readonly startedAt: number;
}

/** Reports a finished request to the listener. If the listener throws, the gateway emits a warning and goes on. */
export function reportExchange(
  onExchange: ExchangeListener | undefined,
  observed: ObservedRequest,
  result: ExchangeResult,
): void {
  if (onExchange === undefined) return;
  const { certificate } = observed.connection;
  try {
    onExchange(
      Object.freeze({
        method: observed.method,
        path: observed.target.split('?', 1)[0] ?? '',
        ...describeResult(result),
        clientCertificateThumbprintSha256: certificate?.thumbprintSha256,
        milliseconds: performance.now() - observed.startedAt,
      }),
      certificate?.der,
    );
  } catch (error) {
    process.emitWarning(`Gateway: onExchange threw ${String(error)}.`);
  }
}

function describeResult(result: ExchangeResult): Pick<GatewayExchange, 'status' | 'answeredBy' | 'reason'> {
  switch (result.answeredBy) {
    case 'gateway':
      return { status: gatewayAnswers[result.answer].status, answeredBy: 'gateway', reason: result.answer };
    case 'upstream': {
      const { status, aborted } = result;
      return { status, answeredBy: 'upstream', ...(aborted ? { reason: 'upstream-aborted' as const } : {}) };
    }
    case 'nobody':
      return { status: 499, answeredBy: 'gateway', reason: 'client-aborted' };
  }
}
