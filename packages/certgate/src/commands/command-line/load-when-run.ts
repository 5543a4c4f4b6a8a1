/**
 * The action of a verb. Its work is imported when the verb runs: help, and errors in the words of the command line, come
 * without it, and a verb loads nothing of what others do.
 */
export function loadWhenRun<Words extends readonly unknown[]>(
  loadWork: () => Promise<(...words: Words) => Promise<void> | void>,
): (...words: Words) => Promise<void> {
  return async (...words) => {
    const work = await loadWork();
    await work(...words);
  };
}
