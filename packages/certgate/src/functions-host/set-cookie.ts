import type { RpcHttpCookie } from './core-types.js';

const sameSiteNames = { lax: 'lax', strict: 'strict', explicitNone: 'none', none: undefined } as const;

/** RFC 9110 section 5.6.2. ASP.NET Core writes a cookie's name as it is, and refuses any other character in it. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * One `Set-Cookie` value as ASP.NET Core writes it (`SetCookieHeaderValue`): the value escaped, path `/` unless the app
 * named one. Throws where it throws, and the answer is a 500 then.
 */
export function formatSetCookie(cookie: RpcHttpCookie): string {
  const name = cookie.name ?? '';
  if (!token.test(name)) throw new Error(`"${name}" is no name for a cookie.`);
  const expires = cookie.expires?.value?.seconds;
  const maxAge = cookie.maxAge?.value;
  if (maxAge !== undefined && maxAge <= -1) throw new RangeError(`The cookie "${name}" has a negative maxAge.`);
  const sameSite = sameSiteNames[cookie.sameSite ?? 'none'];
  return [
    `${name}=${escapeData(cookie.value ?? '')}`,
    expires === undefined ? '' : `expires=${new Date(Number(expires) * 1000).toUTCString()}`,
    maxAge === undefined ? '' : `max-age=${Math.trunc(maxAge)}`,
    attribute('domain', cookie.domain?.value),
    attribute('path', cookie.path?.value ?? '/'),
    cookie.secure?.value === true ? 'secure' : '',
    sameSite === undefined ? '' : `samesite=${sameSite}`,
    cookie.httpOnly?.value === true ? 'httponly' : '',
  ]
    .filter((part) => part !== '')
    .join('; ');
}

/** .NET's `Uri.EscapeDataString`: `encodeURIComponent`, and the five characters that RFC 3986 reserves beyond it. */
function escapeData(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** An attribute's text ends at `;` for whoever reads the cookie, so it may not hold one. */
function attribute(name: string, value: string | undefined): string {
  if (value === undefined || value === '') return '';
  return `${name}=${value.replace(/[;\r\n]/g, '')}`;
}
