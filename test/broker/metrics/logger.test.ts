import t from 'tap'
import { LateLogger } from '../../../broker/metrics/late-logger.ts'
import { silentLogger } from '../../../broker/metrics/logger.ts'
import { pinoLogger } from '../../../broker/metrics/pino-logger.ts'

function collected() {
  const lines: string[] = []
  return { lines, destination: { write: (line: string) => void lines.push(line) } }
}

t.test('programs get JSON lines with level, time, fields and message', (t) => {
  const { lines, destination } = collected()
  const logger = pinoLogger({ level: 'info', format: 'json' }, destination)
  logger.debug({}, 'not told')
  logger.child({ node: 1 }).warn({ peer: { host: 'a', port: 1 } }, 'connection closed')
  t.equal(lines.length, 1)
  const line = JSON.parse(lines[0] as string)
  t.match(line, { level: 'warn', node: 1, peer: { host: 'a', port: 1 }, msg: 'connection closed' })
  t.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.end()
})

t.test('people get short lines, and the stack of an error', (t) => {
  const { lines, destination } = collected()
  const logger = pinoLogger({ level: 'debug', format: 'text' }, destination)
  logger.info({ topic: 'a', note: 'two words', at: { host: 'b' } }, 'topic created')
  logger.error({ err: new Error('no disk') }, 'partition offline')
  t.match(lines[0], /^\d\d:\d\d:\d\d\.\d{3} INFO {2}topic created topic=a note="two words" at=\{"host":"b"\}\n$/)
  t.match(lines[1], /^\S+ ERROR partition offline\nError: no disk\n +at /)
  const coloured = collected()
  pinoLogger({ level: 'debug', format: 'text', colours: true }, coloured.destination).warn({ a: 1 }, 'm')
  t.match(coloured.lines[0], /\u001b\[33mWARN/)
  t.end()
})

t.test('the level can be changed while the broker runs', (t) => {
  const { lines, destination } = collected()
  const logger = pinoLogger({ level: 'warn', format: 'json' }, destination)
  logger.info({}, 'one')
  logger.level = 'info'
  logger.info({}, 'two')
  t.equal(lines.length, 1)
  t.end()
})

t.test('lines from before the logger was ready are told in order, and counted past a bound', (t) => {
  const late = LateLogger.create()
  const child = late.child({ node: 1 })
  late.info({}, 'first')
  child.warn({ a: 2 }, 'second')
  const told: unknown[] = []
  const tell = (level: string) => (fields: object, message: string) => void told.push([level, fields, message])
  const target = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error'), child: () => silentLogger }
  late.attach(target)
  child.error({}, 'third')
  late.debug({}, 'fourth')
  t.same(told, [
    ['info', {}, 'first'],
    ['warn', { node: 1, a: 2 }, 'second'],
    ['error', { node: 1 }, 'third'],
    ['debug', {}, 'fourth'],
  ])
  const flooded = LateLogger.create()
  for (let line = 0; line < 1005; line++) flooded.info({}, 'again')
  told.length = 0
  flooded.attach(target)
  t.equal(told.length, 1001)
  t.same(told.at(-1), ['warn', { dropped: 5 }, 'lines were lost before the log was ready'])
  t.end()
})

t.test('a silent logger and its children say nothing', (t) => {
  t.equal(silentLogger.child({ a: 1 }).info({}, 'x'), undefined)
  t.end()
})
