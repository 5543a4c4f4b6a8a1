/**
 * URIs of resources and their templates. `{name}` stands for a text without `/`, `?` and `#`, or, directly after `?` or
 * `&`, for one without `&` and `#`. This is the extension's own dialect (`ResourceUriHelper`), not RFC 6570.
 */
const expression = /\{[^{}]+\}/g;

export function isUriTemplate(uri: string): boolean {
  return uri.search(expression) !== -1;
}

/**
 * The template with equal names for all parameters, in lower case. Two templates with the same result would match the
 * same URIs.
 */
export function normalizeTemplate(template: string): string {
  return template.replace(expression, '{_}').toLowerCase();
}

/**
 * What is wrong with the URI. The extension refuses such a URI at registration, and answers a read of it with an error.
 * Undefined if nothing is wrong.
 */
export function findUriFault(uri: string): string | undefined {
  if (uri.trim() === '') return 'is empty';
  const names = listTemplateParameters(uri);
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

export function listTemplateParameters(template: string): readonly string[] {
  return [...template.matchAll(expression)].map(([text]) => text.slice(1, -1));
}

/** The regular expression for a template. It ignores case, and its groups are in the order of `listTemplateParameters`. */
export function compileTemplate(template: string): RegExp {
  const parts = template.split(/(\{[^{}]+\})/);
  const patterns = parts.map((part, index) => {
    if (index % 2 === 0) return escapeLiteral(part);
    return /[?&]$/.test(parts[index - 1] ?? '') ? '([^&#]+)' : '([^/?#]+)';
  });
  // .NET's `$` also matches before a final line feed, so there a URI with one reaches the function.
  return new RegExp(`^${patterns.join('')}\\n?$`, 'i');
}

/** The parameters' values in the URI. Undefined if the URI does not match the template. */
export function readParameters(
  template: string,
  compiled: RegExp,
  uri: string,
): readonly (readonly [name: string, value: string])[] | undefined {
  const match = compiled.exec(uri);
  if (match === null) return undefined;
  return listTemplateParameters(template).map((name, position) => [name, match[position + 1] ?? ''] as const);
}

function toGroupName(parameter: string): string {
  return parameter.replace(/[^A-Za-z0-9_]/g, '_');
}

function escapeLiteral(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
