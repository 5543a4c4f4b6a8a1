import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import colors from 'picocolors';
import { printNotice } from '../command-line/output.js';

const pollMilliseconds = 250;

/** Says what is missing at once, and waits for it: the app may be started after this. False: stopped before it came. */
export async function waitForUpstream(upstream: URL, stopped: Promise<void>): Promise<boolean> {
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

/** A connection is all that is tried: a request would run code of the app's. */
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
