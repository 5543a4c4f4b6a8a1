// Runs the random scenes of conformance/decision with the input in place of the random numbers: documents, lists and
// clocks change, sources fail, and callers come through every front end. The gate must answer as the reference does.
import { createHash } from 'node:crypto';
import { loadGate, rememberSignatures, stopTime } from '../../../conformance/decision/dist/scenes/gate.js';
import { Random } from '../../../conformance/decision/dist/scenes/random.js';
import { runScene } from '../../../conformance/decision/dist/scenes/scene.js';

export const maximumLength = 1200;
export const seeds = () =>
  Array.from({ length: 60 }, (_, seed) =>
    Buffer.concat(Array.from({ length: 12 }, (_, part) => createHash('sha256').update(`${seed} ${part}`).digest())),
  );

rememberSignatures();
stopTime();
const gate = await loadGate();
const { next } = Random.prototype;
let input = Buffer.alloc(0);
let position = 0;

/** Takes two octets of the input for each number. After the end of the input, the numbers are those of seed 1. */
Random.prototype.next = function () {
  if (position + 2 > input.length) return next.call(this);
  position += 2;
  return input.readUInt16BE(position - 2) / 2 ** 16;
};

export async function fuzz(data) {
  input = data;
  position = 0;
  const difference = await runScene(1, gate);
  if (difference !== undefined) throw new Error(JSON.stringify(difference, null, 1));
}
