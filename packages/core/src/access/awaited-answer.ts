import type { UnavailableFinding } from '../trust-snapshot/trust-finding.js';
import { describeStoreFault } from '../trust-store/trust-store.js';

/** Waits for a trust store's answer, but not longer than `timeout` milliseconds. Never rejects. */
export async function awaitAnswer<Answer>(
  answer: PromiseLike<unknown>,
  read: (answer: unknown) => Answer,
  timeout: number,
): Promise<Answer | UnavailableFinding> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<UnavailableFinding>((resolve) => {
    const detail = `The trust store did not answer within ${timeout} ms.`;
    timer = setTimeout(resolve, timeout, { outcome: 'unavailable', detail });
  });
  try {
    return await Promise.race([Promise.resolve(answer).then(read), late]);
  } catch (error) {
    return describeStoreFault(error);
  } finally {
    clearTimeout(timer);
  }
}
