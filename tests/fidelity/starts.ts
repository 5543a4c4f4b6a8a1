import type { DifferenceId } from './differences.js';
import type { SourceId } from './sources.js';

/**
 * An app that the embedded host refuses, so that the developer notices the fault before deployment. Azure's host loads
 * what it can.
 */
export interface Start {
  /** The name of the case in `apps/starts`. */
  readonly app: string;
  readonly azure: string;
  readonly from: SourceId;
  /** The embedded host's error message. */
  readonly here: RegExp;
  readonly difference: DifferenceId;
}

// prettier-ignore
export const starts: readonly Start[] = [
  { app: 'reserved-route', azure: 'The function is not loaded, the others are.', from: 'hostValidation', here: /"admin-tools" of the function "Tools" starts with "admin"/, difference: 'reserved-routes' },
  { app: 'reserved-name', azure: 'The function is not loaded, the others are.', from: 'hostValidation', here: /"AdminTools" of the function "AdminTools" starts with "admin"/, difference: 'reserved-routes' },
  { app: 'conflicting-routes', azure: 'The function that comes second by name is not loaded, the others are.', from: 'hostValidation', here: /"First" and "Second" have the same route/, difference: 'conflicting-routes' },
  { app: 'bad-name', azure: 'The function is not loaded, the others are.', from: 'hostNames', here: /"9lives" is not a valid function name/, difference: 'function-names' },
  { app: 'extra-output', azure: 'The output is written.', from: 'libraryModel', here: /"Queues" has the extra output "queue"/, difference: 'extra-bindings' },
  { app: 'same-tool', azure: 'The listener of the function that comes second does not start.', from: 'mcpTools', here: /"Second" is an MCP tool and has the name "greet", which "First" has already/, difference: 'mcp-triggers' },
  { app: 'no-function', azure: 'The app starts, and every address is 404.', from: 'workerStart', here: /registered no function/, difference: 'no-function' },
];
