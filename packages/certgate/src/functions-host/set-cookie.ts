import type { RpcHttpCookie } from './core-types.js';

const sameSiteNames = { lax: 'lax', strict: 'strict', explicitNone: 'none', none: undefined } as const;

/** One `Set-Cookie` value as ASP.NET Core writes it: name and value escaped, path `/` unless the app named one. */
export function formatSetCookie(cookie: RpcHttpCookie): string {
  const expires = cookie.expires?.value?.seconds;
  const maxAge = cookie.maxAge?.value;
  const sameSite = sameSiteNames[cookie.sameSite ?? 'none'];
  return [
    `${encodeURIComponent(cookie.name ?? '')}=${encodeURIComponent(cookie.value ?? '')}`,
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

/** An attribute's text ends at `;` for whoever reads the cookie, so it may not hold one. */
function attribute(name: string, value: string | undefined): string {
  if (value === undefined || value === '') return '';
  return `${name}=${value.replace(/[;\r\n]/g, '')}`;
}
