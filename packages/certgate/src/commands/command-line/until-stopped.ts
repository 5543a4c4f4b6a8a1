/** Ctrl+C everywhere; SIGTERM from a supervisor; SIGBREAK is Windows' Ctrl+Break; SIGHUP when the window is closed. */
const signals = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  ...(process.platform === 'win32' ? (['SIGBREAK'] as const) : []),
] as const;

/** Resolves at the first signal to stop. A second one finds Node's own behaviour again, and ends the process at once. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      for (const signal of signals) process.off(signal, stop);
      resolve();
    };
    for (const signal of signals) process.on(signal, stop);
  });
}
