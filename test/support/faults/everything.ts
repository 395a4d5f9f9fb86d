/** Every operation but the first calls, from all the tables. */
import { administration } from './administration.ts'
import type { Operation } from './matrix.ts'
import { membership } from './membership.ts'
import { producing } from './producing.ts'
import { reading } from './reading.ts'
import { transacting } from './transacting.ts'

export const everything: readonly Operation[] = [...administration, ...producing, ...transacting, ...reading, ...membership]
