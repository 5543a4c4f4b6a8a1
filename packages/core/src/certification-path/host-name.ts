/**
 * The labels of a host name, in lower case, the most general first; undefined where the text is none. Refused with the
 * rest: a dot at either end, a wildcard, and whatever a URI parser would take for an IPv4 address.
 */
export function findHostLabels(text: string): readonly string[] | undefined {
  if (text.length > 253) return undefined;
  const labels = text.split('.').reverse();
  // RFC 1034 §3.5; the underscore is in use. Before letter case is folded: folding makes a "k" of the Kelvin sign.
  const isHost = labels.every((label) => /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
  if (!isHost || /^(?:\d+|0[xX][\dA-Fa-f]*)$/.test(labels[0] ?? '')) return undefined;
  return labels.map((label) => label.toLowerCase());
}
