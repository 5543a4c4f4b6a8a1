import colors from 'picocolors';
import { printNotice } from '../command-line/output.js';
import type { Inspector } from '../../inspector/inspector.js';
import type { RunningApp } from '../../inspector/inspected-app.js';
import { startOnPort } from '../../local/local-app/listening-port.js';
import { defaultInspectorPort, type DevFlags } from './dev-flags.js';

/** The page beside the app. Loaded here, so that `--once` and the other commands start without it. */
export async function startDevInspector(
  running: RunningApp,
  { inspector, inspectorPort }: Pick<DevFlags, 'inspector' | 'inspectorPort'>,
): Promise<Inspector | undefined> {
  if (!inspector) return undefined;
  const { startInspector } = await import('../../inspector/inspector.js');
  const choice = { port: inspectorPort ?? defaultInspectorPort, isFixed: inspectorPort !== undefined };
  return startOnPort(choice, 'inspector', printNotice, (port) => startInspector({ subject: { running }, port }));
}

/** Below `ready`. The token is part of the link: whoever has it can call the app as its development callers. */
export function describeInspector(inspector: Inspector | undefined): readonly string[] {
  return inspector === undefined ? [] : [`  inspector: ${colors.cyan(inspector.url)}`];
}
