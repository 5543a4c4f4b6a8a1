/**
 * Describes a caught value for the operator's log, without a full stop at its end. An error is recognised by its shape,
 * because an error from another realm (Jest runs tests in one) is not an `instanceof Error`. Never throws, whatever was
 * thrown.
 */
export function describeFault(thrown: unknown): string {
  try {
    if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) {
      const { name, message } = thrown as Partial<Record<'name' | 'message', unknown>>;
      if (typeof message === 'string')
        return typeof name === 'string' && !/^(?:Certgate)?Error$/.test(name)
          ? `${name}: ${withoutStop(message)}`
          : withoutStop(message);
    }
  } catch {
    // A getter of the thrown value threw an error itself.
  }
  return 'something that is not an Error was thrown';
}

/** Removes the full stop, because the text becomes part of a sentence that has its own. */
function withoutStop(text: string): string {
  return text.replace(/(?<!\.)\.$/, '');
}
