import type { HostedFunction } from '../functions-host/functions-host.js';

/** One line for each HTTP or MCP function that no gate covers. Any line is a failure in `--once`. */
export function listCoverageWarnings(functions: readonly HostedFunction[]): readonly string[] {
  return functions
    .filter(({ http, mcp, covered }) => (http || mcp !== undefined) && covered !== 'gate')
    .map(
      ({ name, http }) =>
        `${name} is open to ${http ? 'everybody' : 'everybody who reaches the MCP endpoint'}: the app has no gate. Call secureApp(app, …) in a file that "main" in package.json loads.`,
    );
}
