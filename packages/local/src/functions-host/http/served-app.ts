import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Route } from '../routing/router.js';
import type { AppContext } from '../worker/app-context.js';
import type { StrictTransportSecurity } from '../worker/host-protocol.js';
import type { DurableStandIn } from '../worker/durable-client.js';
import type { AnswerReport } from './answer-report.js';
import type { ReceivedRequest } from './http-request.js';

/** One request with its response, and with the sender's header fields as they were received. */
export interface HostExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly report: AnswerReport;
  /** The fields in the form of Node's `rawHeaders`, without the gateway's token. */
  readonly rawHeaders: readonly string[];
}

/** The endpoint of an extension, below `/runtime/webhooks`. */
export interface WebhookEndpoint {
  /** Whether the endpoint serves the path, in the form in which routes are matched. */
  serves(path: string): boolean;
  answer(received: ReceivedRequest, exchange: HostExchange): Promise<void>;
}

/** What the server serves once the app is loaded. */
export interface ServedApp {
  readonly app: AppContext;
  readonly routes: readonly Route[];
  readonly streamingUri: URL | undefined;
  /** Set if a function has a Durable Functions client among its inputs. */
  readonly durable?: DurableStandIn | undefined;
  /** Set if host.json or an app setting enables it. */
  readonly strictTransportSecurity?: StrictTransportSecurity | undefined;
  /** Set if a function that is not disabled has an MCP trigger. */
  readonly mcp?: WebhookEndpoint | undefined;
}
