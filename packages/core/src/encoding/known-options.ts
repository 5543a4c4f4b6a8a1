/**
 * Refuses an option whose name is not known: a misspelt limit would silently be the default.
 *
 * @throws {TypeError} names the option and the known ones.
 */
export function expectKnownOptions(options: object, known: readonly string[], owner: string): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`${owner} has no option "${name}"; known are ${known.join(', ')}.`);
    }
  }
}
