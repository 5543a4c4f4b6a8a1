/** In pixels: names at the left, bars in the middle, notes at the right. */
export const timelineLayout = {
  width: 1120,
  left: 16,
  chartLeft: 200,
  chartWidth: 700,
  notesLeft: 914,
  notesWidth: 190,
  sectionHeight: 30,
  laneHeight: 19,
  barHeight: 15,
  bottom: 14,
} as const;
