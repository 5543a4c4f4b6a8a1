// The places where the soak publishes documents and lists: files, and an HTTP server that fails, hangs, and sends
// garbage or older content. Each place records what was read from it, with the earliest and the latest time at which a
// live gate begins to use it.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { findDocument } from '../../conformance/decision/dist/reference/instance.js';
import { readDraft, writeDocument } from '../../conformance/decision/dist/scenes/documents.js';

/**
 * How long after a reading the gate may begin to use it, in milliseconds. The gate refreshes every second, and uses
 * nothing that it checked more than two seconds ago.
 */
const settleMilliseconds = { file: 4500, url: 3500, blob: 3500 };
/** Lists take longer, in milliseconds, because another thread verifies them after their document is in use. */
const listSettleMilliseconds = 6000;
/** How much the age of a reading may differ between this process and the gate, in milliseconds. */
const ageTolerance = 8000;

/** When a readable document is overdue while calls come, in milliseconds: a second, and what a busy machine adds. */
const overdueMilliseconds = 8000;

const documents = new Map();

function documentOf(draft) {
  if (!documents.has(draft)) documents.set(draft, readDraft(draft));
  return documents.get(draft);
}

function readContent(content) {
  return typeof content === 'string' ? content : documentOf(content);
}

export function forgetDocuments() {
  documents.clear();
}

/** The place of a trust document. `content` is a draft, `invalid`, `unreachable` or `hanging`. */
export class DocumentPlace {
  readings = [];
  reads = 0;
  #clock;

  constructor({ kind, address, clock }) {
    this.kind = kind;
    this.address = address;
    this.#clock = clock;
  }

  publish(content) {
    this.content = content;
    this.publishedAt = this.#clock.instant().real;
    if (this.kind !== 'file') return;
    if (content === 'unreachable' || content === 'hanging') rmSync(this.address, { force: true });
    else {
      // The file is replaced as a whole, as the tool does it.
      writeFileSync(`${this.address}.new`, textOf(content));
      renameSync(`${this.address}.new`, this.address);
    }
    this.#note();
  }

  /** Answers a request for the document. */
  serve(response) {
    this.reads += 1;
    const answers = {
      hanging: () => undefined,
      unreachable: () => response.writeHead(503).end(),
    };
    if (typeof this.content === 'string' && answers[this.content] !== undefined) return answers[this.content]();
    this.#note();
    response.end(textOf(this.content));
  }

  /** Records a reading. Content that can't be read changes nothing, neither for the reference nor for the gate. */
  #note() {
    const now = this.#clock.instant();
    const current = this.readings.at(-1);
    if (this.kind === 'file' && current !== undefined && current.isCurrent) {
      current.isCurrent = false;
      current.last = now;
    }
    if (this.content === 'unreachable' || this.content === 'hanging') return;
    if (this.kind !== 'file' && current?.content === this.content) current.last = now;
    else
      this.readings.push({
        content: this.content,
        earliest: now.real,
        latest: now.real + settleMilliseconds[this.kind],
        last: now,
        isCurrent: this.kind === 'file',
      });
  }

  /** The documents that may have been in use while a list was read. They were fresh then, whatever their age is now. */
  listDocumentsWhile({ earliest, latest }) {
    const certain = this.readings.filter((reading) => reading.latest < earliest).length;
    const possible = this.readings.filter((reading) => reading.earliest <= latest).length;
    const found = new Set();
    for (let count = certain; count <= possible; count += 1)
      found.add(
        findDocument(this.readings.slice(0, count).map(({ content }) => ({ content: readContent(content), age: 0 }))),
      );
    return [...found].filter((document) => document !== undefined);
  }

  /** The documents that a gate may have in use at some moment of a call. Undefined means that it has no document. */
  listPossible(from, until) {
    const now = this.#clock.instant();
    const certain = this.readings.filter(({ latest }) => latest < from).length;
    const possible = this.readings.filter(({ earliest }) => earliest <= until).length;
    const found = new Set();
    for (let count = certain; count <= possible; count += 1) {
      for (const tolerance of [-ageTolerance, ageTolerance]) {
        const readings = this.readings.slice(0, count).map(({ content, last, isCurrent }) => ({
          content: readContent(content),
          age: (isCurrent ? 0 : Math.max(now.wall - last.wall, now.real - last.real)) + tolerance,
        }));
        found.add(findDocument(readings));
      }
    }
    return [...found];
  }

  /**
   * True if the gate should have read the present document by now. Always false for a file, whose readings this process
   * can't see; there, the answers show them.
   */
  get isOverdue() {
    if (this.kind === 'file' || ['unreachable', 'hanging'].includes(this.content)) return false;
    return this.readings.at(-1)?.content !== this.content && Date.now() - this.publishedAt > overdueMilliseconds;
  }

  get stateKey() {
    return this.readings.length;
  }
}

function textOf(content) {
  return content === 'invalid' ? '{"schemaVersion":1,"revision":999,"identitties":[]}' : writeDocument(content);
}

/** The place of one authority's lists. `content` is a list, `garbage`, `unreachable` or `hanging`. */
export class ListPlace {
  readings = [];
  reads = 0;
  #clock;
  #authority;

  constructor({ authority, document, clock }) {
    this.authority = authority;
    this.#clock = clock;
    this.#authority = documentOf(document).authorities.find(({ name }) => name.toLowerCase() === authority);
  }

  serve(response) {
    this.reads += 1;
    const { content } = this;
    if (content === 'hanging') return;
    if (content === 'unreachable') return response.writeHead(503).end();
    if (content === 'garbage') return response.end('garbage');
    const now = this.#clock.instant();
    const last = this.readings.at(-1);
    // Reading the same list again adds nothing, unless the clock was changed: a list from the future may have become
    // current.
    if (last?.list !== content.list || last.skew !== this.#clock.skew)
      this.readings.push({
        source: this.authority,
        at: now.wall,
        authority: this.#authority,
        list: content.list,
        earliest: now.real,
        latest: now.real + listSettleMilliseconds,
        skew: this.#clock.skew,
      });
    return response.end(Buffer.from(content.der));
  }

  listPossible(from, until) {
    const certain = this.readings.filter(({ latest }) => latest < from).length;
    const possible = this.readings.filter(({ earliest }) => earliest <= until).length;
    return Array.from({ length: possible - certain + 1 }, (_, index) => this.readings.slice(0, certain + index));
  }

  get stateKey() {
    return this.readings.length;
  }
}

/** Starts a server that serves each place at its path. */
export async function startPublisher() {
  const places = new Map();
  const server = createServer((request, response) => {
    const place = places.get(request.url);
    if (place === undefined) response.writeHead(404).end();
    else place.serve(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    places,
    origin: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
