import { parseArgs } from 'node:util';

/**
 * Reads the words of the command line as `parseArgs` does. If the script doesn't take one of them, it prints one line
 * with the usage and ends with exit code 2.
 */
export function readWords(usage, config = {}) {
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`${error.message.split('. ')[0]}. Usage: ${usage}`);
    return process.exit(2);
  }
}
