import { InvalidArgumentError, type Command } from 'commander';

export interface LatencyFlags {
  readonly refreshInterval: number;
  readonly readTimeout: number;
}

/** The apps' own settings aren't known here; their defaults are. */
export function addLatencyOptions(command: Command): Command {
  return command
    .option(
      '--refresh-interval <seconds>',
      'the `refreshIntervalSeconds` of the apps, to tell when the change takes effect',
      parseSeconds,
      30,
    )
    .option(
      '--read-timeout <seconds>',
      'the `readTimeoutSeconds` of the apps, to tell when the change takes effect',
      parseSeconds,
      10,
    );
}

/**
 * After that many seconds every instance that can read the document decides by it. An instance with few requests decides
 * by the old one up to two intervals after its latest read, and that read may have been under way when the change came
 * (docs/trust-sources.md).
 */
export function computeLatency({ refreshInterval, readTimeout }: LatencyFlags): number {
  return 2 * refreshInterval + readTimeout;
}

export function describeLatency(flags: LatencyFlags): string {
  return `It takes effect within ${computeLatency(flags)} s in every instance that can read the document.`;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d{1,6}(?:\.\d{1,3})?$/.test(text) || seconds <= 0) {
    throw new InvalidArgumentError('It must be a number of seconds above 0.');
  }
  return seconds;
}
