/**
 * URIs of resources, and templates of them: `{name}` stands for one segment, or for one value in a query. This is the
 * extension's own dialect (`ResourceUriHelper`), not RFC 6570.
 */
const expression = /\{[^{}]+\}/g;

export function isUriTemplate(uri: string): boolean {
  return uri.search(expression) !== -1;
}

/** Of two templates with the same text, a URI would match both. */
export function normalizeTemplate(template: string): string {
  return template.replace(expression, '{_}').toLowerCase();
}

/** Undefined, or what is wrong: the extension refuses such a URI at registration, and answers a read of it with an error. */
export function findUriFault(uri: string): string | undefined {
  if (uri.trim() === '') return 'is empty';
  const names = listParameters(uri);
  if (names.length === 0 && /[{}]/.test(uri)) return 'has braces without a name in them';
  if (uri.split('{').length !== uri.split('}').length) return 'has a brace without its counterpart';
  if (/\}\{/.test(uri)) return 'has two parameters with nothing between them';
  const groups = names.map((name) => toGroupName(name).toLowerCase());
  if (new Set(groups).size < groups.length) return 'has two parameters of the same name';
  if (names.some((name) => name.trim() === '' || /[/#?& ]|%7b|%7d/i.test(name)))
    return 'has a parameter with an invalid name';
  // On Linux, .NET takes an absolute path for a URI too.
  const isAbsolute = /^[a-z][a-z0-9+.-]*:./i.test(uri) || uri.startsWith('/');
  return isAbsolute ? undefined : 'is not absolute';
}

export function listParameters(template: string): readonly string[] {
  return [...template.matchAll(expression)].map(([text]) => text.slice(1, -1));
}

/** Matched without case. Its groups are in the order of `listParameters`. */
export function compileTemplate(template: string): RegExp {
  const parts = template.split(/(\{[^{}]+\})/);
  const patterns = parts.map((part, index) => {
    if (index % 2 === 0) return escapeLiteral(part);
    return /[?&]$/.test(parts[index - 1] ?? '') ? '([^&#]+)' : '([^/?#]+)';
  });
  // .NET's `$` also matches before a last line feed; a URI with one would reach the function there.
  return new RegExp(`^${patterns.join('')}\\n?$`, 'i');
}

/** The values by the names that the template gives them; undefined: the URI is of another template. */
export function readParameters(
  template: string,
  compiled: RegExp,
  uri: string,
): readonly (readonly [name: string, value: string])[] | undefined {
  const match = compiled.exec(uri);
  if (match === null) return undefined;
  return listParameters(template).map((name, position) => [name, match[position + 1] ?? ''] as const);
}

function toGroupName(parameter: string): string {
  return parameter.replace(/[^A-Za-z0-9_]/g, '_');
}

function escapeLiteral(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
