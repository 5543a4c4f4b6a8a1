/** What may be shown of a URL: a query may be a key (a SAS, a function key), and so may user information. */
export function redactUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

/** A text of somebody else's making, an error message mostly, without what may not be shown of the URLs in it. */
export function redactUrlsIn(text: string): string {
  return text
    .replace(/(https?:\/\/)[^\s/?#"'<>@]*@/gi, '$1…@')
    .replace(/(https?:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/gi, '$1?…')
    .replace(/\b(sig|code|key|token)=[^\s&"'<>]+/gi, '$1=…');
}

/** Plain HTTP stays within the machine there: nobody on the way could change the answer. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

/** Nobody on the way can read or change what is exchanged with it. */
export function isSecureUrl(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}
