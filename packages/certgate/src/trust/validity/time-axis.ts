/** A stretch of whole months, drawn from `left` to `left + width`. Times are milliseconds since 1970-01-01T00:00:00Z. */
export interface TimeAxis {
  readonly from: number;
  readonly until: number;
  readonly left: number;
  readonly width: number;
  readonly ticks: readonly TimeTick[];
}

export interface TimeTick {
  readonly at: number;
  readonly label: string;
  /** January: drawn stronger. */
  readonly isYear: boolean;
}

const maximumTicks = 13;
const steps = [1, 2, 3, 6, 12, 24, 60, 120];
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** About a sixth of it lies before `at`, so that what has just ended is seen too. */
export function createTimeAxis(at: number, months: number, left: number, width: number): TimeAxis {
  const now = new Date(at);
  const first = now.getUTCFullYear() * 12 + now.getUTCMonth() - Math.floor(months / 6);
  const step = steps.find((each) => months / each <= maximumTicks) ?? 120;
  // Ticks on multiples of the step, so that with 3 months they are the quarters.
  const start = Math.ceil(first / step) * step;
  const count = Math.floor((first + months - start) / step) + 1;
  const ticks = Array.from({ length: count }, (_, index) => createTick(start + index * step, step));
  return { from: toInstant(first), until: toInstant(first + months), left, width, ticks };
}

/** Not clipped: what lies beyond the axis has a place beyond its ends. */
export function findPlace({ from, until, left, width }: TimeAxis, at: number): number {
  return left + ((at - from) / (until - from)) * width;
}

function toInstant(month: number): number {
  return Date.UTC(Math.floor(month / 12), month % 12);
}

function createTick(month: number, step: number): TimeTick {
  const year = Math.floor(month / 12);
  const isYear = month % 12 === 0;
  return { at: toInstant(month), label: isYear || step >= 12 ? `${year}` : (monthNames[month % 12] ?? ''), isYear };
}
