import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Route } from '../routing/router.js';
import type { AppContext } from '../worker/app-context.js';
import type { StrictTransportSecurity } from '../worker/host-protocol.js';
import type { DurableStandIn } from '../worker/durable-client.js';
import type { AnswerReport } from './answer-report.js';
import type { ReceivedRequest } from './http-request.js';

/** One request on its way, with the fields of its sender as they came. */
export interface HostExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly report: AnswerReport;
  /** As Node's `rawHeaders` has them, without the gateway's token. */
  readonly rawHeaders: readonly string[];
}

/** An address of an extension's, below `/runtime/webhooks`. */
export interface WebhookEndpoint {
  /** Whether the path, as routes are matched against it, is one of its addresses. */
  serves(path: string): boolean;
  answer(received: ReceivedRequest, exchange: HostExchange): Promise<void>;
}

/** What is served once the app has loaded. */
export interface ServedApp {
  readonly app: AppContext;
  readonly routes: readonly Route[];
  readonly streamingUri: URL | undefined;
  /** There where a function has a Durable Functions client among its inputs. */
  readonly durable?: DurableStandIn | undefined;
  /** There where host.json enables it. */
  readonly strictTransportSecurity?: StrictTransportSecurity | undefined;
  /** There where a function has an MCP trigger. */
  readonly mcp?: WebhookEndpoint | undefined;
}
