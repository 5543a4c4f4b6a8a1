import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './certgate.js';

/** The folder of the sample's deployment template. */
export const infra: string = join(root, 'examples', 'function-app', 'infra');

/** An alert of the sample's template. Durations are in ISO 8601, as Azure Monitor expects them. */
export interface Alert {
  readonly name: string;
  readonly description: string;
  readonly severity: string;
  readonly evaluationFrequency: string;
  readonly windowSize: string;
  readonly dimension: string;
  readonly threshold: string;
  readonly query: string;
}

export function listAlerts(): readonly Alert[] {
  const list = /^var alerts = \[\n([\s\S]*?)^\]$/m.exec(readText(join(infra, 'monitoring.bicep')))?.[1] ?? '';
  return list
    .split(/^ {2}\}$/m)
    .filter((text) => text.trim() !== '')
    .map((text) => {
      const read = (key: string): string => new RegExp(`^    ${key}: '?([^'\n]+)'?$`, 'm').exec(text)?.[1] ?? key;
      const name = read('name');
      return {
        name,
        description: read('description'),
        severity: read('severity'),
        evaluationFrequency: read('evaluationFrequency'),
        windowSize: read('windowSize'),
        dimension: read('dimension'),
        threshold: read('threshold'),
        query: readText(join(infra, 'queries', `${name}.kql`)),
      };
    });
}

/** Reads a duration such as `PT15M` or `P1D`: a count of days, hours or minutes. */
export function readDuration(duration: string): { readonly count: number; readonly unit: 'D' | 'H' | 'M' } {
  const [, count, unit] = /^PT?(\d+)([DHM])$/.exec(duration) ?? [];
  if (count === undefined) throw new Error(`${duration} is not a duration that the template has.`);
  return { count: Number(count), unit: unit as 'D' | 'H' | 'M' };
}

export function readText(path: string): string {
  return readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
}
