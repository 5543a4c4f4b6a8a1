import { findInstant } from '@certgate/core/internal';

let lastDay = '';
let lastMidnight = Number.NaN;

/**
 * Like core's `findInstant`, but faster for times in the form that gates write: `2026-11-25T09:14:03.215Z`. A log
 * contains millions of times from only a few days, so the last day's midnight is remembered.
 */
export function findLineInstant(text: string): number | undefined {
  if (text.length !== 24 || text[19] !== '.' || text[23] !== 'Z') return findInstant(text);
  const day = text.slice(0, 11);
  if (day !== lastDay) {
    const midnight = findInstant(`${day}00:00:00Z`);
    if (midnight === undefined) return undefined;
    lastDay = day;
    lastMidnight = midnight;
  }
  if (text[13] !== ':' || text[16] !== ':') return undefined;
  const hours = readPair(text, 11);
  const minutes = readPair(text, 14);
  const seconds = readPair(text, 17);
  const milliseconds = readPair(text, 20) * 10 + readDigit(text, 22);
  if (!(hours < 24 && minutes < 60 && seconds < 60)) return undefined;
  const instant = lastMidnight + hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + milliseconds;
  return Number.isNaN(instant) ? undefined : instant;
}

/** The number that two digits form, or NaN if there are not two digits. */
function readPair(text: string, index: number): number {
  return readDigit(text, index) * 10 + readDigit(text, index + 1);
}

function readDigit(text: string, index: number): number {
  const digit = text.charCodeAt(index) - 48;
  return digit >= 0 && digit <= 9 ? digit : Number.NaN;
}
