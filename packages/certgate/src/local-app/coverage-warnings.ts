import type { HostedFunction } from '../functions-host/functions-host.js';

/** One line for each HTTP function that is not closed as it should be. Any line is a failure in `--once`. */
export function listCoverageWarnings(functions: readonly HostedFunction[]): readonly string[] {
  return functions
    .filter(({ http }) => http)
    .flatMap(({ name, covered }) => {
      if (covered === 'registration') return [];
      if (covered === 'hook') {
        return [
          `${name} is covered by the hook alone, which other hooks can undo: it was registered before secureApp. Load the file that calls secureApp first.`,
        ];
      }
      return [
        `${name} is open to everybody: no gate covers it. Call secureApp(app, …) in the file that is loaded first.`,
      ];
    });
}
