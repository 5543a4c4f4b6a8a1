/**
 * What a caught value says, for the operator's log. Told by its shape: an error from another realm (Jest runs tests in
 * one) is no `instanceof Error`. Never throws, whatever was thrown at us. Without a full stop at its end.
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
    // A getter of the thrown value threw in its turn.
  }
  return 'something that is not an Error was thrown';
}

/** It becomes part of a sentence, which has a full stop of its own. */
function withoutStop(text: string): string {
  return text.replace(/(?<!\.)\.$/, '');
}
