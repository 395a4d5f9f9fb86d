/**
 * What goes wrong, and when: drawn from the seed, and played against the world while the clients work.
 * Every fault ends by itself, so that at the end a healthy broker can be asked for everything.
 */
import type { SeededRandom } from './platform/random.ts'

export type Fault =
  | { kind: 'kill' }
  | { kind: 'power failure' }
  | { kind: 'clean restart' }
  /** The broker dies in the middle of its n-th disk operation from now; `power`: and with it the machine. */
  | { kind: 'death at disk operation'; operations: number; power: boolean }
  | { kind: 'disk error'; operation: 'write' | 'sync' | 'read'; times: number }
  | { kind: 'disk full'; roomBytes: number; forMillis: number }
  | { kind: 'slow disk'; stallMillis: number; forMillis: number }
  | { kind: 'network partition'; forMillis: number }
  | { kind: 'broken connection'; halfOpen: boolean }
  | { kind: 'clock jump'; byMillis: number }

export type FaultKind = Fault['kind']

const drawers: Record<FaultKind, (random: SeededRandom) => Fault> = {
  kill: () => ({ kind: 'kill' }),
  'power failure': () => ({ kind: 'power failure' }),
  'clean restart': () => ({ kind: 'clean restart' }),
  'death at disk operation': (random) => ({
    kind: 'death at disk operation',
    operations: random.magnitude(1, 200),
    power: random.chance(0.5),
  }),
  'disk error': (random) => ({
    kind: 'disk error',
    operation: random.pick(['write', 'write', 'sync', 'read']),
    times: random.magnitude(1, 5),
  }),
  'disk full': (random) => ({ kind: 'disk full', roomBytes: random.magnitude(1, 5_000), forMillis: random.between(50, 1_000) }),
  'slow disk': (random) => ({ kind: 'slow disk', stallMillis: random.magnitude(1, 40), forMillis: random.between(50, 1_000) }),
  'network partition': (random) => ({ kind: 'network partition', forMillis: random.magnitude(20, 4_000) }),
  'broken connection': (random) => ({ kind: 'broken connection', halfOpen: random.chance(0.3) }),
  'clock jump': (random) => ({ kind: 'clock jump', byMillis: random.magnitude(1, 10_000_000) * (random.chance(0.5) ? 1 : -1) }),
}

export const faultKinds = Object.keys(drawers) as FaultKind[]

export interface FaultPlan {
  kinds: readonly FaultKind[]
  pauseMillisMax: number
}

/** The next fault, and how long to wait for it. */
export function drawFault(plan: FaultPlan, random: SeededRandom): { fault: Fault; afterMillis: number } {
  return { fault: drawers[random.pick(plan.kinds)](random), afterMillis: random.fraction() * plan.pauseMillisMax }
}
