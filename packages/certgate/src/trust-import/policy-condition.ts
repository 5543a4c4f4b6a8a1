/** A condition of a policy expression, as far as it bears on certificates. */
export type PolicyCondition =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly PolicyCondition[] }
  | { readonly kind: 'not'; readonly operand: PolicyCondition }
  /** True for these certificates and no others. */
  | { readonly kind: 'thumbprint'; readonly values: readonly string[]; readonly text: string }
  | { readonly kind: 'noCertificate' }
  /** `Verify()` asks for a chain to a trusted authority and that nothing in it is revoked; the other, the chain alone. */
  | { readonly kind: 'chain'; readonly isRevocationChecked: boolean; readonly text: string }
  /** Something else of the certificate: its issuer, subject, dates. */
  | { readonly kind: 'claim'; readonly text: string }
  /** Not understood, so it may be anything. */
  | { readonly kind: 'other'; readonly text: string };

interface Token {
  readonly kind: 'text' | 'word' | 'mark';
  readonly value: string;
}

/**
 * Reads `@(…)`, or `@{ return …; }`. What it does not understand becomes `other`: a part of C# is understood, and no
 * expression is taken for something it is not.
 */
export function parsePolicyCondition(expression: string): PolicyCondition {
  const text = expression.trim();
  const body = /^@\((.*)\)$/s.exec(text)?.[1] ?? /^@\{\s*return\b(.*);\s*\}$/s.exec(text)?.[1];
  const tokens = body === undefined ? undefined : tokenize(body);
  return tokens === undefined || tokens.length > maximumTokens ? { kind: 'other', text } : parseTokens(tokens, 0);
}

const tokenPattern =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(@"(?:[^"]|"")*"|"(?:[^"\\\n]|\\.)*")|([A-Za-z_]\w*|\d[\w.]*|'(?:[^'\\\n]|\\.)')|(\|\||&&|[=!<>]=|=>|\?\?|\?\.|[-+*/%=!<>?:.,;()[\]{}&|^~])/y;

function tokenize(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const match = tokenPattern.exec(text);
    if (match === null) return undefined;
    const [, literal, word, mark] = match;
    if (literal !== undefined) tokens.push({ kind: 'text', value: unquote(literal) });
    else if (word !== undefined) tokens.push({ kind: 'word', value: word });
    else if (mark !== undefined) tokens.push({ kind: 'mark', value: mark });
  }
  return tokens;
}

function unquote(literal: string): string {
  return literal.startsWith('@') ? literal.slice(2, -1).replaceAll('""', '"') : literal.slice(1, -1);
}

/** Far beyond what people write, and a bound for the work and the stack. */
const maximumTokens = 20_000;
const maximumDepth = 50;

/** Marks that bind less tightly than `||`: with one of them the halves around `||` and `&&` are no operands. */
const looserMarks: ReadonlySet<string> = new Set(['?', ':', '??', '=', '=>', ';', ',']);

function parseTokens(tokens: readonly Token[], depth: number): PolicyCondition {
  if (depth > maximumDepth || splitAt(tokens, looserMarks).length > 1) return { kind: 'other', text: print(tokens) };
  for (const [mark, kind] of [['||', 'or'], ['&&', 'and']] as const) {
    const operands = splitAt(tokens, new Set([mark]));
    if (operands.length > 1) return { kind, operands: operands.map((operand) => parseTokens(operand, depth + 1)) };
  } // prettier-ignore
  return parseOperand(tokens, depth);
}

function parseOperand(tokens: readonly Token[], depth: number): PolicyCondition {
  const [first] = tokens;
  // `!` binds more tightly than a comparison: `!a == b` compares.
  const isNegation = isMark(first, '!') && splitAt(tokens, comparisonMarks).length === 1;
  if (isNegation) return { kind: 'not', operand: parseTokens(tokens.slice(1), depth + 1) };
  if (isMark(first, '(') && findClosing(tokens, 0) === tokens.length - 1)
    return parseTokens(tokens.slice(1, -1), depth + 1);
  return parseComparison(tokens) ?? parseCall(tokens) ?? { kind: 'other', text: print(tokens) };
}

const comparisonMarks: ReadonlySet<string> = new Set([
  '==',
  '!=',
  '<',
  '>',
  '<=',
  '>=',
  '&',
  '|',
  '^',
  '+',
  '-',
  '*',
  '/',
  '%',
]);

function parseComparison(tokens: readonly Token[]): PolicyCondition | undefined {
  const sides = splitAt(tokens, comparisonMarks);
  const [left, right] = sides;
  if (left === undefined || right === undefined || sides.length !== 2) return undefined;
  const mark = tokens[left.length]?.value ?? '';
  const isEquality = mark === '==' || mark === '!=';
  const negate = (condition: PolicyCondition): PolicyCondition =>
    mark === '==' ? condition : { kind: 'not', operand: condition };
  for (const [subject, value] of [[left, right], [right, left]] as const) {
    const path = print(subject);
    if (isEquality && isCertificate(path) && print(value) === 'null') return negate({ kind: 'noCertificate' });
    const literal = findLiteral(value);
    if (isEquality && literal !== undefined && isThumbprint(path))
      return negate({ kind: 'thumbprint', values: [literal], text: print(tokens) });
    if (isClaim(path) && (literal !== undefined || isClock(value))) return { kind: 'claim', text: print(tokens) };
  } // prettier-ignore
  return undefined;
}

/** `list.Contains(thumbprint)`, `thumbprint.Equals("…")`, `certificate.Verify()`. */
function parseCall(tokens: readonly Token[]): PolicyCondition | undefined {
  const text = print(tokens);
  const verify = /^context\.Request\.Certificate(?:\?)?\.(Verify|VerifyNoRevocation)\(\)$/.exec(text)?.[1];
  if (verify !== undefined) return { kind: 'chain', isRevocationChecked: verify === 'Verify', text };
  const open = findLastCall(tokens);
  if (open === undefined) return undefined;
  const method = tokens[open - 1]?.value;
  const [subject, args] = [tokens.slice(0, open - 2), splitAt(tokens.slice(open + 1, -1), new Set([',']))];
  const [argument = []] = args;
  if (method === 'Equals' && args.length <= 3) {
    const compares = (a: readonly Token[], b: readonly Token[]): string | undefined =>
      isThumbprint(print(a)) ? findLiteral(b) : undefined;
    const pair =
      print(subject).toLowerCase() === 'string' ? ([argument, args[1] ?? []] as const) : ([subject, argument] as const);
    const literal = compares(pair[0], pair[1]) ?? compares(pair[1], pair[0]);
    return literal === undefined ? undefined : { kind: 'thumbprint', values: [literal], text };
  }
  if (method === 'Contains' && args.length <= 2 && isThumbprint(print(argument))) {
    const values = findLiteralList(subject);
    return values === undefined ? undefined : { kind: 'thumbprint', values, text };
  }
  return undefined;
}

/** The position of the `(` of `….Method(…)` where that call is the end of the whole. */
function findLastCall(tokens: readonly Token[]): number | undefined {
  const open = tokens.findIndex(
    (token, index) => isMark(token, '(') && findClosing(tokens, index) === tokens.length - 1,
  );
  return open > 2 && tokens[open - 1]?.kind === 'word' && isMark(tokens[open - 2], '.') ? open : undefined;
}

/** `new[] { "…", … }`, `new List<string> { … }`, and a text that is one list: `"…,…"`, with or without a Split. */
function findLiteralList(tokens: readonly Token[]): readonly string[] | undefined {
  if (isMark(tokens[0], '(') && findClosing(tokens, 0) === tokens.length - 1)
    return findLiteralList(tokens.slice(1, -1));
  const [first] = tokens;
  if (first?.kind === 'text') {
    const isWhole = tokens.length === 1 || /^""\.(?:Split\(.*\)|ToUpper(?:Invariant)?\(\))$/.test(print(tokens, true));
    // A named value is one, whatever its name is made of.
    if (first.value.includes('{{')) return isWhole ? [first.value] : undefined;
    return isWhole ? first.value.split(/[^0-9A-Za-z]+/).filter((part) => part !== '') : undefined;
  }
  const braces = tokens.findIndex((token) => isMark(token, '{'));
  if (first?.value !== 'new' || braces < 0 || findClosing(tokens, braces) !== tokens.length - 1) return undefined;
  if (
    !/^new(?: ?string)?\[\]$|^new (?:\w+\.)*(?:List|HashSet)<string>(?:\([\w.]*\))?$/i.test(
      print(tokens.slice(0, braces)),
    )
  )
    return undefined;
  const items = splitAt(tokens.slice(braces + 1, -1), new Set([','])).filter(({ length }) => length > 0);
  const literals = items.map(findLiteral);
  return literals.every((literal) => literal !== undefined) ? literals : undefined;
}

function findLiteral(tokens: readonly Token[]): string | undefined {
  const [first] = tokens;
  if (first?.kind !== 'text') return undefined;
  return tokens.length === 1 || letterCaseCall.test(print(tokens.slice(1))) ? first.value : undefined;
}

const letterCaseCall = /^\.To(?:Upper|Lower)(?:Invariant)?\(\)$/;

function isCertificate(path: string): boolean {
  return path === 'context.Request.Certificate';
}

function isThumbprint(path: string): boolean {
  return /^context\.Request\.Certificate\??\.Thumbprint(?:\??\.To(?:Upper|Lower)(?:Invariant)?\(\))?$/.test(path);
}

function isClaim(path: string): boolean {
  return /^context\.Request\.Certificate\??\.(?:Issuer|IssuerName|Subject|SubjectName|FriendlyName|SerialNumber|NotBefore|NotAfter|GetNameInfo)\b/.test(
    path,
  );
}

function isClock(tokens: readonly Token[]): boolean {
  return /^DateTime\.(?:Utc)?Now$/.test(print(tokens));
}

/** The parts between these marks outside of all brackets. `List<string>` keeps its angle brackets to itself. */
function splitAt(tokens: readonly Token[], marks: ReadonlySet<string>): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'mark' && '([{'.includes(token.value)) depth += 1;
    if (token.kind === 'mark' && ')]}'.includes(token.value)) depth -= 1;
    const isSeparator = depth === 0 && token.kind === 'mark' && marks.has(token.value) && !isTypeBracket(tokens, index);
    if (isSeparator) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function isTypeBracket(tokens: readonly Token[], index: number): boolean {
  const around = (from: number): string =>
    tokens
      .slice(from, from + 3)
      .map(({ value }) => value)
      .join('');
  return /^<\w+>$/.test(around(index)) || /^<\w+>$/.test(around(index - 2));
}

function findClosing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token?.kind !== 'mark') continue;
    if ('([{'.includes(token.value)) depth += 1;
    if (')]}'.includes(token.value)) depth -= 1;
    if (depth === 0) return index;
  }
  return -1;
}

function isMark(token: Token | undefined, value: string): boolean {
  return token?.kind === 'mark' && token.value === value;
}

function print(tokens: readonly Token[], isTextHidden = false): string {
  return tokens
    .map(({ kind, value }, index) => {
      const text = kind === 'text' ? `"${isTextHidden ? '' : value}"` : value;
      const previous = tokens[index - 1];
      if (kind === 'mark' && comparisonMarks.has(value) && !isTypeBracket(tokens, index)) return ` ${text} `;
      if (value === '&&' || value === '||' || value === '=>' || value === '??') return ` ${text} `;
      return kind === 'word' && previous?.kind === 'word' ? ` ${text}` : value === ',' ? ', ' : text;
    })
    .join('');
}
