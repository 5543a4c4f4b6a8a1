import type { HostedFunction } from '../functions-host/functions-host.js';

/** One line for each HTTP function that no gate covers. Any line is a failure in `--once`. */
export function listCoverageWarnings(functions: readonly HostedFunction[]): readonly string[] {
  return functions
    .filter(({ http, covered }) => http && covered !== 'gate')
    .map(
      ({ name }) =>
        `${name} is open to everybody: the app has no gate. Call secureApp(app, …) in a file that "main" in package.json loads.`,
    );
}
