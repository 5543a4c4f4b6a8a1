/**
 * Does work that must come to an end: it is told by its signal when the time is over, and what it does later counts for
 * nothing.
 *
 * @throws {Error} (as a rejection) when the time is over.
 */
export async function readWithin<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      reject(new Error(`the source did not answer within ${milliseconds / 1000} s`));
    }, milliseconds);
    timer.unref();
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
    // Whatever the source left open: the storage SDK, for one, throws at an answer without a length and keeps it.
    controller.abort();
  }
}

/** Resolves after that time, or at once when the signal is aborted. A moment that somebody waits for: it isn't unref'ed. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(finish, milliseconds);
    function finish(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    }
    signal.addEventListener('abort', finish);
  });
}
