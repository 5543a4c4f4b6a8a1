/**
 * The signals to stop: Ctrl+C everywhere, SIGTERM from a supervisor, SIGHUP when the window is closed, and SIGBREAK for
 * Ctrl+Break on Windows.
 */
const signals = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  ...(process.platform === 'win32' ? (['SIGBREAK'] as const) : []),
] as const;

/**
 * Resolves at the first signal to stop. After that, Node's own behavior applies again, so a second signal ends the
 * process at once.
 */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      for (const signal of signals) process.off(signal, stop);
      resolve();
    };
    for (const signal of signals) process.on(signal, stop);
  });
}
