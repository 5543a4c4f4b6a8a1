import type { SourceId } from './sources.js';

/** A difference that no row can show. */
export interface Unshown {
  readonly why: string;
  readonly from: SourceId;
}

/**
 * Every known difference between the embedded host and Azure's, which docs/host-fidelity.md explains. `row` means that
 * a row of the matrix, or an app of `starts`, shows the difference.
 */
// prettier-ignore
export const differences = {
  'built-in-addresses': 'row',
  'body-size-setting': { why: 'It moves a limit that a row already shows.', from: 'hostBodySize' },
  'cancelled-body': { why: 'It shows on a connection between host and worker, which no row reaches.', from: 'libraryProxy' },
  'conflicting-routes': 'row',
  'cors': { why: 'A preflight is answered by the platform in front of the host.', from: 'docsCors' },
  'custom-headers': 'row',
  'datetime-constraint': 'row',
  'disguised-host': 'row',
  'durable-orchestrations': { why: 'No answer of a starter shows it; tests/apps has such an app.', from: 'docsDurable' },
  'extra-bindings': 'row',
  'framing-headers': 'row',
  'frozen-error': { why: 'The worker ends, with all that it serves: no answer of one request.', from: 'workerInvocation' },
  'function-keys': 'row',
  'function-names': 'row',
  'function-timeout': { why: 'A row would have to wait for minutes.', from: 'docsHostJson' },
  'functions-list': { why: 'It is read once, at the start.', from: 'docsHostJson' },
  'home-page': 'row',
  'invocation-id-header': 'row',
  'json-dates': 'row',
  'malformed-request-body': 'row',
  'mcp-header-names': 'row',
  'mcp-legacy-transport': 'row',
  'mcp-message-size': 'row',
  'mcp-numbers': 'row',
  'mcp-open-requests': { why: 'A row would have to send thousands of requests at once.', from: 'mcpEndpoint' },
  'mcp-session-token': 'row',
  'mcp-system-key': 'row',
  'mcp-triggers': 'row',
  'missing-host-json': { why: 'Every app of the rows has one.', from: 'hostJson' },
  'no-function': 'row',
  'odd-methods': 'row',
  'regex-dialect': 'row',
  'reserved-routes': 'row',
  'response-framing': 'row',
  'server-header': 'row',
  'streaming-without-answer': 'row',
  'throttling': { why: 'Azure answers 429 only under a load that no row makes.', from: 'hostThrottle' },
} as const;

export type DifferenceId = keyof typeof differences;
