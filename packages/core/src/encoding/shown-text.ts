/**
 * What a caught value says, for the operator's log. Told by its shape: an error from another realm (Jest runs tests in
 * one) is no `instanceof Error`. Never throws, whatever was thrown at us.
 */
export function describeFault(thrown: unknown): string {
  try {
    if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) {
      const { name, message } = thrown as Partial<Record<'name' | 'message', unknown>>;
      if (typeof message === 'string')
        return typeof name === 'string' && name !== 'Error' ? `${name}: ${message}` : message;
    }
  } catch {
    // A getter of the thrown value threw in its turn.
  }
  return 'something that is no Error was thrown';
}

const maximumLength = 200;

/** What a stranger writes into a certificate is told to the operator, and must not fill the log. Never half a character. */
export function shortenText(text: string): string {
  return text.length <= maximumLength ? text : `${text.slice(0, maximumLength).replace(/\p{Cs}$/u, '')}…`;
}

/** What could break a line of a log, or hide in it, as `\u{a}`; half a character, which would be shown as another, too. */
export function escapeInvisible(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
