import { withStore } from '../../faults/tool-call.js';

/**
 * The action of a verb. Its work is imported when the verb runs: help, and errors in the words of the command line, come
 * without it, and a verb loads nothing of what others do. The commands that its messages print have its `--store`.
 */
export function loadWhenRun<Words extends readonly unknown[]>(
  loadWork: () => Promise<(...words: Words) => Promise<void> | void>,
): (...words: Words) => Promise<void> {
  return async (...words) => {
    const work = await loadWork();
    const store = words.map(readStore).find((each) => each !== undefined);
    await (store === undefined ? work(...words) : withStore(store, () => work(...words)));
  };
}

/** No secret of an address, nor a whole document. */
function readStore(word: unknown): string | undefined {
  if (typeof word !== 'object' || word === null || !('store' in word)) return undefined;
  const { store } = word;
  return typeof store === 'string' && !/^\s*\{|:\/\/.*[?@]/.test(store) ? store : undefined;
}
