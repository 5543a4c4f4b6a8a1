const maximumLength = 200;

/** What a stranger writes into his certificate is told to the operator, and must not fill his log. */
export function shortenText(text: string): string {
  return text.length <= maximumLength ? text : `${text.slice(0, maximumLength)}…`;
}
