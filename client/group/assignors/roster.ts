/** The assignors there are, by name. */
import type { ClassicAssignor } from '../../consumer/consumer-options.ts'
import type { Assignor } from './assignor.ts'
import { range } from './range.ts'
import { roundRobin, roundRobinOfKafkajs } from './round-robin.ts'
import { cooperativeSticky, sticky } from './sticky.ts'

export const assignors: Readonly<Record<ClassicAssignor, Assignor>> = {
  range,
  roundrobin: roundRobin,
  sticky,
  'cooperative-sticky': cooperativeSticky,
  RoundRobinAssigner: roundRobinOfKafkajs,
}
