/**
 * Reads server-sent events piece by piece: gives the data of those that the piece ends.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createEventParser(): (piece: string) => readonly string[] {
  let rest = '';
  let data: string[] = [];
  return (piece) => {
    const ended: string[] = [];
    // A CR at the end may be half of a CRLF.
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('data:')) data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
      if (line !== '' || data.length === 0) continue;
      ended.push(data.join('\n'));
      data = [];
    }
    return ended;
  };
}
