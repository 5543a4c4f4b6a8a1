import { readFileSync } from 'node:fs';

// Reports the wording in comments and test titles that tools/comment-patterns.json retires.

const patterns = JSON.parse(readFileSync(new URL('../comment-patterns.json', import.meta.url), 'utf8')).map(
  ({ pattern, ...rest }) => ({ ...rest, pattern: new RegExp(pattern, 'u') }),
);

export default {
  meta: { type: 'suggestion', schema: [], messages: { retired: '"{{found}}" ({{name}}): write {{instead}}.' } },
  create({ report, sourceCode }) {
    const check = (text, loc) => {
      // Ignores code in backticks, because it is not our wording.
      const words = text.replace(/`[^`]*`/g, '`…`');
      for (const { name, pattern, instead } of patterns) {
        const [found] = pattern.exec(words) ?? [];
        if (found !== undefined) report({ loc, messageId: 'retired', data: { found: found.trim(), name, instead } });
      }
    };
    return {
      Program() {
        for (const comments of joinLines(sourceCode.getAllComments())) {
          const loc = { start: comments[0].loc.start, end: comments.at(-1).loc.end };
          for (const paragraph of readParagraphs(comments)) check(paragraph, loc);
        }
      },
      CallExpression({ callee, arguments: [title] }) {
        const { name } = callee.type === 'MemberExpression' ? callee.object : callee;
        if (!['test', 'it', 'describe', 'suite'].includes(name) || title === undefined) return;
        const texts = title.type === 'TemplateLiteral' ? title.quasis.map(({ value }) => value.cooked) : [title.value];
        if (typeof texts[0] === 'string') check(texts.join('…'), title.loc);
      },
    };
  },
};

/** Groups comments into texts: `//` comments on successive lines and in one column are one text. */
function joinLines(comments) {
  const texts = [];
  for (const comment of comments) {
    const last = texts.at(-1)?.at(-1);
    const isContinued =
      last?.type === 'Line' &&
      comment.type === 'Line' &&
      comment.loc.start.line === last.loc.end.line + 1 &&
      comment.loc.start.column === last.loc.start.column;
    if (isContinued) texts.at(-1).push(comment);
    else texts.push([comment]);
  }
  return texts;
}

/** The paragraphs of a text and the texts of its tags, each as one line. */
function readParagraphs(comments) {
  return comments
    .map(({ value }) => value)
    .join('\n')
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s*/, '').trimEnd())
    .join('\n')
    .split(/\n{2,}|\n(?=@)/)
    .map((paragraph) =>
      paragraph
        .replace(/^@\w+\s+/, '')
        .replace(/\s+/g, ' ')
        .trim(),
    );
}
