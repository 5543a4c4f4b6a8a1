import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import colors from 'picocolors';
import type { startGateway } from '#local/gateway/gateway.js';
import { startOnPort } from '../../local-app/listening-port.js';
import { printNotice } from '../command-line/output.js';
import { untilStopped } from '../command-line/until-stopped.js';
import { defaultGatewayPort } from '../gateway-flags.js';

type Opened = ReturnType<typeof startGateway>;

/** Runs a gateway in front of an app that somebody else runs, until a signal stops it. */
export async function runBefore(
  { upstream, port }: { readonly upstream: URL; readonly port?: number },
  open: (port: number) => Opened,
  sayReady: (gateway: Awaited<Opened>) => Promise<void> | void,
): Promise<void> {
  const choice = { port: port ?? defaultGatewayPort, isFixed: port !== undefined };
  const gateway = await startOnPort(choice, 'gateway', printNotice, open);
  const stopped = untilStopped();
  if (await waitForUpstream(upstream, stopped)) {
    await sayReady(gateway);
    await stopped;
  }
  await gateway.close();
}

const pollMilliseconds = 250;

/**
 * If nothing listens at the address, reports this at once and waits, because the app may be started after the gateway.
 * Returns false if a signal came before the app.
 */
async function waitForUpstream(upstream: URL, stopped: Promise<void>): Promise<boolean> {
  if (await isListening(upstream)) return true;
  printNotice(
    `${colors.yellow('warning')} Nothing listens at ${upstream.origin}: start the app there (func start), or correct --upstream. Until then every call is 502; "ready" follows.`,
  );
  const end = stopped.then(() => 'stopped' as const);
  for (;;) {
    if ((await Promise.race([wait(pollMilliseconds), end])) === 'stopped') return false;
    if (await isListening(upstream)) return true;
  }
}

/** Tries only to connect, because a request would run code of the app. */
function isListening({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : Number(port) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
